// How a warp waits for its share of the words of a vector: in pairs, of which all
// words must carry the tag; of an odd number the last pair's second word is not
// asked about. A short vector is polled by all lanes, one of which a lane has
// several pairs by an elected one.

// RUN: amk-opt %s -convert-amk-kernel-to-nvvm | FileCheck %s

// CHECK-LABEL: llvm.func internal @even
// CHECK:         llvm.inline_asm {{.*}}ld.relaxed.gpu.global.v2.b64
// CHECK:         scf.while
// CHECK:         %[[FIRST:.*]] = arith.cmpi ne
// CHECK-NOT:     arith.andi
// CHECK:         %[[SECOND:.*]] = arith.cmpi ne
// CHECK-NEXT:    %[[MISSING:.*]] = arith.ori %[[FIRST]], %[[SECOND]]
// CHECK:         nvvm.vote.sync ballot %{{.*}}, %[[MISSING]]
// CHECK:         llvm.inline_asm {{.*}}ld.relaxed.gpu.global.v2.b64
// All lanes leave together if one has seen that the launch is aborted.
// CHECK:         %[[ABORTED:.*]] = arith.cmpi eq, %{{.*}}, %c-1_i64
// CHECK:         nvvm.vote.sync ballot %{{.*}}, %[[ABORTED]]
// CHECK:         scf.condition

// CHECK-LABEL: llvm.func internal @odd
// CHECK:         scf.while
// CHECK:         %[[FIRST:.*]] = arith.cmpi ne
// CHECK:         %[[TAG:.*]] = arith.cmpi ne
// CHECK:         %[[THERE:.*]] = arith.cmpi ult
// CHECK-NEXT:    %[[SECOND:.*]] = arith.andi %[[TAG]], %[[THERE]]
// CHECK-NEXT:    arith.ori %[[FIRST]], %[[SECOND]]

// CHECK-LABEL: llvm.func internal @long
// CHECK:         scf.while
// CHECK:         nvvm.vote.sync ballot
// CHECK:         nvvm.vote.sync ballot
// CHECK:         scf.if
!w = memref<?xbf16, #amk.space<stream>>
!rows = memref<8xf32, #amk.space<scratch>>
!even = memref<1x38xi64, #amk.space<words>>
!odd = memref<1x37xi64, #amk.space<words>>
!long = memref<1x2048xi64, #amk.space<words>>
amk.kernel.program @words scratch_bytes = 29184
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @even(%x: !even, %w: !w, %n: index) {
    %t = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !rows
    amk.kernel.gemv %w, %x tag %t to %rows tiles = %n tile_rows = 8
        layout mma_tile8x2 : !w, !even, !rows, index, index
    amk.kernel.return
  }
  amk.kernel.body @odd(%x: !odd, %w: !w, %n: index) {
    %t = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !rows
    amk.kernel.gemv %w, %x tag %t to %rows tiles = %n tile_rows = 8
        layout mma_tile8x2 : !w, !odd, !rows, index, index
    amk.kernel.return
  }
  amk.kernel.body @long(%x: !long, %w: !w, %n: index) {
    %t = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !rows
    amk.kernel.gemv %w, %x tag %t to %rows tiles = %n tile_rows = 8
        layout mma_tile8x2 : !w, !long, !rows, index, index
    amk.kernel.return
  }
}
