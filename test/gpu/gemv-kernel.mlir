// Persistent kernels: matrix-vector products through the ring on tensor cores,
// f32 buffers, for the shapes of docs/GpuKernel.md, 3.3. The bodies are those of
// kBodies in amk-gpu-kernel-test.cpp, in the same order. amk-gpu-test-code sets
// the architecture.

amk.kernel.program @gemv_kernel scratch_bytes = 29184 {
  amk.kernel.body @k48(
      %x: memref<1x48xf32, #amk.space<arena>>,
      %weights: memref<?xbf16, #amk.space<stream>>,
      %residual: memref<1x1000xf32, #amk.space<arena>>,
      %out: memref<1x1000xf32, #amk.space<arena>>,
      %begin: index, %count: index, %tiles: index) {
    %rows = amk.kernel.scratch 25088 : memref<1024xf32, #amk.space<scratch>>
    amk.kernel.gemv %weights, %x to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2
        : memref<?xbf16, #amk.space<stream>>,
          memref<1x48xf32, #amk.space<arena>>,
          memref<1024xf32, #amk.space<scratch>>, index
    amk.kernel.store_rows %rows to %out[%begin, %count] residual(%residual)
        : memref<1024xf32, #amk.space<scratch>>,
          memref<1x1000xf32, #amk.space<arena>>, index, index,
          memref<1x1000xf32, #amk.space<arena>>
    amk.kernel.return
  }
  amk.kernel.body @k576(
      %x: memref<1x576xf32, #amk.space<arena>>,
      %weights: memref<?xbf16, #amk.space<stream>>,
      %residual: memref<1x1000xf32, #amk.space<arena>>,
      %out: memref<1x1000xf32, #amk.space<arena>>,
      %begin: index, %count: index, %tiles: index) {
    %rows = amk.kernel.scratch 25088 : memref<1024xf32, #amk.space<scratch>>
    amk.kernel.gemv %weights, %x to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2
        : memref<?xbf16, #amk.space<stream>>,
          memref<1x576xf32, #amk.space<arena>>,
          memref<1024xf32, #amk.space<scratch>>, index
    amk.kernel.store_rows %rows to %out[%begin, %count] residual(%residual)
        : memref<1024xf32, #amk.space<scratch>>,
          memref<1x1000xf32, #amk.space<arena>>, index, index,
          memref<1x1000xf32, #amk.space<arena>>
    amk.kernel.return
  }
  amk.kernel.body @k1536(
      %x: memref<1x1536xf32, #amk.space<arena>>,
      %weights: memref<?xbf16, #amk.space<stream>>,
      %residual: memref<1x1000xf32, #amk.space<arena>>,
      %out: memref<1x1000xf32, #amk.space<arena>>,
      %begin: index, %count: index, %tiles: index) {
    %rows = amk.kernel.scratch 25088 : memref<1024xf32, #amk.space<scratch>>
    amk.kernel.gemv %weights, %x to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2
        : memref<?xbf16, #amk.space<stream>>,
          memref<1x1536xf32, #amk.space<arena>>,
          memref<1024xf32, #amk.space<scratch>>, index
    amk.kernel.store_rows %rows to %out[%begin, %count] residual(%residual)
        : memref<1024xf32, #amk.space<scratch>>,
          memref<1x1000xf32, #amk.space<arena>>, index, index,
          memref<1x1000xf32, #amk.space<arena>>
    amk.kernel.return
  }
  amk.kernel.body @k2048(
      %x: memref<1x2048xf32, #amk.space<arena>>,
      %weights: memref<?xbf16, #amk.space<stream>>,
      %residual: memref<1x1000xf32, #amk.space<arena>>,
      %out: memref<1x1000xf32, #amk.space<arena>>,
      %begin: index, %count: index, %tiles: index) {
    %rows = amk.kernel.scratch 25088 : memref<1024xf32, #amk.space<scratch>>
    amk.kernel.gemv %weights, %x to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : memref<?xbf16, #amk.space<stream>>,
          memref<1x2048xf32, #amk.space<arena>>,
          memref<1024xf32, #amk.space<scratch>>, index
    amk.kernel.store_rows %rows to %out[%begin, %count] residual(%residual)
        : memref<1024xf32, #amk.space<scratch>>,
          memref<1x1000xf32, #amk.space<arena>>, index, index,
          memref<1x1000xf32, #amk.space<arena>>
    amk.kernel.return
  }
  amk.kernel.body @k4096(
      %x: memref<1x4096xf32, #amk.space<arena>>,
      %weights: memref<?xbf16, #amk.space<stream>>,
      %residual: memref<1x1000xf32, #amk.space<arena>>,
      %out: memref<1x1000xf32, #amk.space<arena>>,
      %begin: index, %count: index, %tiles: index) {
    %rows = amk.kernel.scratch 25088 : memref<1024xf32, #amk.space<scratch>>
    amk.kernel.gemv %weights, %x to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : memref<?xbf16, #amk.space<stream>>,
          memref<1x4096xf32, #amk.space<arena>>,
          memref<1024xf32, #amk.space<scratch>>, index
    amk.kernel.store_rows %rows to %out[%begin, %count] residual(%residual)
        : memref<1024xf32, #amk.space<scratch>>,
          memref<1x1000xf32, #amk.space<arena>>, index, index,
          memref<1x1000xf32, #amk.space<arena>>
    amk.kernel.return
  }
}
