// A linear with a norm as prologue and a residual as epilogue, for every weight
// type: one worker's task as convert-amk-schedule-to-kernel makes it. Rows need
// not fill the last tile, nor columns the last chunk of 32. The shapes are those
// of kShapes in amk-gpu-body-test.cpp, in the same order.

amk.kernel.program @linear_norm scratch_bytes = 57600 {
  amk.kernel.body @bf16(
      %x: memref<1x100xf32, #amk.space<arena>>,
      %norm: memref<100xf32, #amk.space<constant>>,
      %weights: memref<5120xbf16, #amk.space<stream>>,
      %residual: memref<1x37xf32, #amk.space<arena>>,
      %out: memref<1x37xf32, #amk.space<arena>>,
      %begin: index, %count: index, %tiles: index) {
    %staged = amk.kernel.scratch 0 : memref<1x128xf32, #amk.space<scratch>>
    %rows = amk.kernel.scratch 512 : memref<40xf32, #amk.space<scratch>>
    amk.kernel.rms_norm %x, %norm to %staged epsilon = 1.0e-5
        : memref<1x100xf32, #amk.space<arena>>,
          memref<100xf32, #amk.space<constant>>,
          memref<1x128xf32, #amk.space<scratch>>
    amk.kernel.gemv %weights, %staged to %rows tiles = %tiles tile_rows = 4
        : memref<5120xbf16, #amk.space<stream>>,
          memref<1x128xf32, #amk.space<scratch>>,
          memref<40xf32, #amk.space<scratch>>, index
    amk.kernel.store_rows %rows to %out[%begin, %count] residual(%residual)
        : memref<40xf32, #amk.space<scratch>>,
          memref<1x37xf32, #amk.space<arena>>, index, index,
          memref<1x37xf32, #amk.space<arena>>
    amk.kernel.return
  }
  amk.kernel.body @f16(
      %x: memref<1x72xf32, #amk.space<arena>>,
      %norm: memref<72xf32, #amk.space<constant>>,
      %weights: memref<5184xf16, #amk.space<stream>>,
      %residual: memref<1x50xf32, #amk.space<arena>>,
      %out: memref<1x50xf32, #amk.space<arena>>,
      %begin: index, %count: index, %tiles: index) {
    %staged = amk.kernel.scratch 0 : memref<1x96xf32, #amk.space<scratch>>
    %rows = amk.kernel.scratch 384 : memref<54xf32, #amk.space<scratch>>
    amk.kernel.rms_norm %x, %norm to %staged epsilon = 1.0e-5
        : memref<1x72xf32, #amk.space<arena>>,
          memref<72xf32, #amk.space<constant>>,
          memref<1x96xf32, #amk.space<scratch>>
    amk.kernel.gemv %weights, %staged to %rows tiles = %tiles tile_rows = 6
        : memref<5184xf16, #amk.space<stream>>,
          memref<1x96xf32, #amk.space<scratch>>,
          memref<54xf32, #amk.space<scratch>>, index
    amk.kernel.store_rows %rows to %out[%begin, %count] residual(%residual)
        : memref<54xf32, #amk.space<scratch>>,
          memref<1x50xf32, #amk.space<arena>>, index, index,
          memref<1x50xf32, #amk.space<arena>>
    amk.kernel.return
  }
  amk.kernel.body @f32(
      %x: memref<1x33xf32, #amk.space<arena>>,
      %norm: memref<33xf32, #amk.space<constant>>,
      %weights: memref<1408xf32, #amk.space<stream>>,
      %residual: memref<1x21xf32, #amk.space<arena>>,
      %out: memref<1x21xf32, #amk.space<arena>>,
      %begin: index, %count: index, %tiles: index) {
    %staged = amk.kernel.scratch 0 : memref<1x64xf32, #amk.space<scratch>>
    %rows = amk.kernel.scratch 256 : memref<22xf32, #amk.space<scratch>>
    amk.kernel.rms_norm %x, %norm to %staged epsilon = 1.0e-5
        : memref<1x33xf32, #amk.space<arena>>,
          memref<33xf32, #amk.space<constant>>,
          memref<1x64xf32, #amk.space<scratch>>
    amk.kernel.gemv %weights, %staged to %rows tiles = %tiles tile_rows = 2
        : memref<1408xf32, #amk.space<stream>>,
          memref<1x64xf32, #amk.space<scratch>>,
          memref<22xf32, #amk.space<scratch>>, index
    amk.kernel.store_rows %rows to %out[%begin, %count] residual(%residual)
        : memref<22xf32, #amk.space<scratch>>,
          memref<1x21xf32, #amk.space<arena>>, index, index,
          memref<1x21xf32, #amk.space<arena>>
    amk.kernel.return
  }
  // Rows 100 to 349 of 400.
  amk.kernel.body @bf16_part(
      %x: memref<1x2048xf32, #amk.space<arena>>,
      %norm: memref<2048xf32, #amk.space<constant>>,
      %weights: memref<524288xbf16, #amk.space<stream>>,
      %residual: memref<1x400xf32, #amk.space<arena>>,
      %out: memref<1x400xf32, #amk.space<arena>>,
      %begin: index, %count: index, %tiles: index) {
    %staged = amk.kernel.scratch 0 : memref<1x2048xf32, #amk.space<scratch>>
    %rows = amk.kernel.scratch 8192 : memref<256xf32, #amk.space<scratch>>
    amk.kernel.rms_norm %x, %norm to %staged epsilon = 1.0e-5
        : memref<1x2048xf32, #amk.space<arena>>,
          memref<2048xf32, #amk.space<constant>>,
          memref<1x2048xf32, #amk.space<scratch>>
    amk.kernel.gemv %weights, %staged to %rows tiles = %tiles tile_rows = 8
        : memref<524288xbf16, #amk.space<stream>>,
          memref<1x2048xf32, #amk.space<scratch>>,
          memref<256xf32, #amk.space<scratch>>, index
    amk.kernel.store_rows %rows to %out[%begin, %count] residual(%residual)
        : memref<256xf32, #amk.space<scratch>>,
          memref<1x400xf32, #amk.space<arena>>, index, index,
          memref<1x400xf32, #amk.space<arena>>
    amk.kernel.return
  }
  // The staged vector alone takes more than 48 KiB of shared memory.
  amk.kernel.body @f16_long(
      %x: memref<1x14336xf32, #amk.space<arena>>,
      %norm: memref<14336xf32, #amk.space<constant>>,
      %weights: memref<917504xf16, #amk.space<stream>>,
      %residual: memref<1x64xf32, #amk.space<arena>>,
      %out: memref<1x64xf32, #amk.space<arena>>,
      %begin: index, %count: index, %tiles: index) {
    %staged = amk.kernel.scratch 0 : memref<1x14336xf32, #amk.space<scratch>>
    %rows = amk.kernel.scratch 57344 : memref<64xf32, #amk.space<scratch>>
    amk.kernel.rms_norm %x, %norm to %staged epsilon = 1.0e-5
        : memref<1x14336xf32, #amk.space<arena>>,
          memref<14336xf32, #amk.space<constant>>,
          memref<1x14336xf32, #amk.space<scratch>>
    amk.kernel.gemv %weights, %staged to %rows tiles = %tiles tile_rows = 4
        : memref<917504xf16, #amk.space<stream>>,
          memref<1x14336xf32, #amk.space<scratch>>,
          memref<64xf32, #amk.space<scratch>>, index
    amk.kernel.store_rows %rows to %out[%begin, %count] residual(%residual)
        : memref<64xf32, #amk.space<scratch>>,
          memref<1x64xf32, #amk.space<arena>>, index, index,
          memref<1x64xf32, #amk.space<arena>>
    amk.kernel.return
  }
}
