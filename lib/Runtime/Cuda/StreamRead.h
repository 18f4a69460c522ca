//===- StreamRead.h - A kernel that only reads ------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// PTX, so that the runtime needs no compiler to measure a device. Blocks take
// tiles of 64 KiB in turn; a thread has 8 loads of 16 bytes on their way and
// combines what it has read. The result is stored only if it is one value that
// it practically never is: enough to keep the loads.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_RUNTIME_CUDA_STREAMREAD_H
#define AMK_LIB_RUNTIME_CUDA_STREAMREAD_H

#include <cstdint>

namespace amk::runtime::cuda {

constexpr uint32_t kStreamReadThreads = 512; ///< of a block
constexpr uint64_t kStreamReadTileBytes = 65536;
constexpr const char *kStreamReadName = "amk_stream_read";

/// (address, number of tiles, address of a u32)
constexpr const char *kStreamReadCode = R"(
.version 7.4
.target sm_80
.address_size 64

.visible .entry amk_stream_read(
  .param .u64 from_param, .param .u64 tiles_param, .param .u64 sink_param)
.maxntid 512, 1, 1
{
  .reg .pred %more, %never;
  .reg .b32 %t, %b, %n, %sum, %x, %y;
  .reg .b32 %v<32>;
  .reg .b64 %from, %tiles, %sink, %tile, %step, %at, %own;

  ld.param.u64 %from, [from_param];
  ld.param.u64 %tiles, [tiles_param];
  ld.param.u64 %sink, [sink_param];
  cvta.to.global.u64 %from, %from;
  cvta.to.global.u64 %sink, %sink;
  mov.u32 %t, %tid.x;
  mov.u32 %b, %ctaid.x;
  mov.u32 %n, %nctaid.x;
  mul.wide.u32 %own, %t, 16;
  add.u64 %from, %from, %own;
  cvt.u64.u32 %tile, %b;
  cvt.u64.u32 %step, %n;
  mov.u32 %sum, 0;
  bra.uni $check;
$read:
  shl.b64 %at, %tile, 16;
  add.u64 %at, %from, %at;
  ld.global.nc.L1::no_allocate.v4.u32 {%v0, %v1, %v2, %v3}, [%at];
  ld.global.nc.L1::no_allocate.v4.u32 {%v4, %v5, %v6, %v7}, [%at+8192];
  ld.global.nc.L1::no_allocate.v4.u32 {%v8, %v9, %v10, %v11}, [%at+16384];
  ld.global.nc.L1::no_allocate.v4.u32 {%v12, %v13, %v14, %v15}, [%at+24576];
  ld.global.nc.L1::no_allocate.v4.u32 {%v16, %v17, %v18, %v19}, [%at+32768];
  ld.global.nc.L1::no_allocate.v4.u32 {%v20, %v21, %v22, %v23}, [%at+40960];
  ld.global.nc.L1::no_allocate.v4.u32 {%v24, %v25, %v26, %v27}, [%at+49152];
  ld.global.nc.L1::no_allocate.v4.u32 {%v28, %v29, %v30, %v31}, [%at+57344];
  // Exclusive or of three: 0x96.
  lop3.b32 %x, %v0, %v1, %v2, 0x96;
  lop3.b32 %y, %v3, %v4, %v5, 0x96;
  lop3.b32 %x, %x, %v6, %v7, 0x96;
  lop3.b32 %y, %y, %v8, %v9, 0x96;
  lop3.b32 %x, %x, %v10, %v11, 0x96;
  lop3.b32 %y, %y, %v12, %v13, 0x96;
  lop3.b32 %x, %x, %v14, %v15, 0x96;
  lop3.b32 %y, %y, %v16, %v17, 0x96;
  lop3.b32 %x, %x, %v18, %v19, 0x96;
  lop3.b32 %y, %y, %v20, %v21, 0x96;
  lop3.b32 %x, %x, %v22, %v23, 0x96;
  lop3.b32 %y, %y, %v24, %v25, 0x96;
  lop3.b32 %x, %x, %v26, %v27, 0x96;
  lop3.b32 %y, %y, %v28, %v29, 0x96;
  lop3.b32 %x, %x, %v30, %v31, 0x96;
  lop3.b32 %sum, %sum, %x, %y, 0x96;
  add.u64 %tile, %tile, %step;
$check:
  setp.lt.u64 %more, %tile, %tiles;
  @%more bra $read;
  setp.eq.u32 %never, %sum, 0x9e3779b9;
  @%never st.global.u32 [%sink], %sum;
  ret;
}
)";

} // namespace amk::runtime::cuda

#endif // AMK_LIB_RUNTIME_CUDA_STREAMREAD_H
