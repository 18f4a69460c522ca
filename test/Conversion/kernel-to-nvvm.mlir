// Kernel bodies become kernels of one thread block.

// RUN: amk-opt %s -convert-amk-kernel-to-nvvm | FileCheck %s
// RUN: amk-opt %s -convert-amk-kernel-to-nvvm="chip=sm_120a threads=64" \
// RUN:   | FileCheck %s --check-prefix=OTHER

// CHECK: gpu.module @kernels
// CHECK-SAME: #nvvm.target<O = 3, chip = "sm_90a", features = "+ptx80">
// CHECK-SAME: llvm.data_layout = "e-
// CHECK: llvm.mlir.global external @amk_scratch() {addr_space = 3
// CHECK-SAME: alignment = 1024
// CHECK: llvm.mlir.global internal @amk_reduce() {addr_space = 3
// OTHER: #nvvm.target<O = 3, chip = "sm_120a", features = "+ptx87">
amk.kernel.program @kernels scratch_bytes = 192 {
  // Buffers are global pointers, scratch is shared memory.
  // CHECK: llvm.func @linear(%[[X:.*]]: !llvm.ptr<1>, %[[W:.*]]: !llvm.ptr<1>,
  // CHECK-SAME: %[[BEGIN:.*]]: i64, %[[COUNT:.*]]: i64, %[[TILES:.*]]: i64)
  // CHECK-SAME: nvvm.reqntid = array<i32: 256>
  // OTHER: nvvm.reqntid = array<i32: 64>
  amk.kernel.body @linear(%x: memref<1x20xf32, #amk.space<arena>>,
                          %w: memref<128xbf16, #amk.space<stream>>,
                          %begin: index, %count: index, %tiles: index) {
    // CHECK: %[[SHARED:.*]] = llvm.mlir.addressof @amk_scratch : !llvm.ptr<3>
    // CHECK: %[[STAGED:.*]] = llvm.getelementptr %[[SHARED]]
    %staged = amk.kernel.scratch 0 : memref<1x32xf32, #amk.space<scratch>>
    // CHECK: %[[C128:.*]] = arith.constant 128 : i64
    // CHECK: %[[ROWS:.*]] = llvm.getelementptr %{{.*}}[%[[C128]]]
    %rows = amk.kernel.scratch 128 : memref<4xf32, #amk.space<scratch>>
    // Each thread copies its elements, then the padding, then all wait.
    // CHECK: %[[THREAD:.*]] = nvvm.read.ptx.sreg.tid.x
    // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step
    // CHECK:   llvm.getelementptr %[[X]]
    // CHECK:   llvm.store %{{.*}} : f32, !llvm.ptr<3>
    // CHECK: scf.for
    // CHECK: nvvm.barrier0
    amk.kernel.stage %x to %staged
        : memref<1x20xf32, #amk.space<arena>>,
          memref<1x32xf32, #amk.space<scratch>>
    // A warp takes tiles; a bf16 is the upper half of a float.
    // CHECK: scf.for %[[TILE:.*]] = %{{.*}} to %[[TILES]]
    // CHECK:   scf.for {{.*}} iter_args({{.*}}) -> (f32, f32, f32, f32)
    // CHECK-COUNT-4: arith.shli
    // CHECK-COUNT-20: nvvm.shfl.sync bfly
    // CHECK: nvvm.barrier0
    amk.kernel.gemv %w, %staged to %rows tiles = %tiles tile_rows = 4
        : memref<128xbf16, #amk.space<stream>>,
          memref<1x32xf32, #amk.space<scratch>>,
          memref<4xf32, #amk.space<scratch>>, index
    // CHECK: scf.for %{{.*}} = %{{.*}} to %[[COUNT]]
    // CHECK:   arith.addi %[[BEGIN]]
    amk.kernel.store_rows %rows to %x[%begin, %count]
        : memref<4xf32, #amk.space<scratch>>,
          memref<1x20xf32, #amk.space<arena>>, index, index
    // CHECK: llvm.return
    amk.kernel.return
  }

  // A second reduction over warps does not start before the first was read.
  // CHECK: llvm.func @norm
  // CHECK: llvm.mlir.addressof @amk_reduce
  // CHECK-COUNT-5: nvvm.shfl.sync bfly
  // CHECK: nvvm.barrier0
  // CHECK: llvm.intr.sqrt
  // CHECK: nvvm.barrier0
  amk.kernel.body @norm(%x: memref<1x20xf32, #amk.space<arena>>,
                        %w: memref<20xf32, #amk.space<constant>>) {
    amk.kernel.rms_norm %x, %w to %x epsilon = 1.0e-5
        : memref<1x20xf32, #amk.space<arena>>,
          memref<20xf32, #amk.space<constant>>,
          memref<1x20xf32, #amk.space<arena>>
    amk.kernel.return
  }
}
