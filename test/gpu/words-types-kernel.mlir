// Persistent kernels: steps of models of one layer, without attention: o
// multiplies what qkv made. All vectors are words. The bodies are those of
// kConfigs in amk-gpu-words-test.cpp, in the same order, and one next_token for
// all of them. amk-gpu-test-code sets the architecture.

!token = memref<4xi32, #amk.space<token>>
!best = memref<9xi64, #amk.space<words>>
!h2048_e = memref<1x2048xi64, #amk.space<words>>
!h2048_i = memref<1x8192xi64, #amk.space<words>>
!h2048_q = memref<2x6x64xi64, #amk.space<words>>
!h2048_rows = memref<1024xf32, #amk.space<scratch>>
!h2048_w = memref<?xf16, #amk.space<stream>>
!h2048_norm = memref<2048xf32, #amk.space<constant>>
!h2048_table = memref<600x2048xf16, #amk.space<external>>
!h2048_angles = memref<64x2x32xf32, #amk.space<constant>>
!h2048_logits = memref<1x600xf32, #amk.space<logits>>
!h2048_s2048 = memref<1x2048xf32, #amk.space<scratch>>
!h2048_s768 = memref<1x768xf32, #amk.space<scratch>>
!f576_e = memref<1x576xi64, #amk.space<words>>
!f576_i = memref<1x8192xi64, #amk.space<words>>
!f576_q = memref<3x5x64xi64, #amk.space<words>>
!f576_rows = memref<1024xf32, #amk.space<scratch>>
!f576_w = memref<?xf32, #amk.space<stream>>
!f576_norm = memref<576xf32, #amk.space<constant>>
!f576_table = memref<1000x576xf32, #amk.space<external>>
!f576_angles = memref<64x2x32xf32, #amk.space<constant>>
!f576_logits = memref<1x1000xf32, #amk.space<logits>>
!f576_s576 = memref<1x576xf32, #amk.space<scratch>>
!f576_s960 = memref<1x960xf32, #amk.space<scratch>>
!q576_e = memref<1x576xi64, #amk.space<words>>
!q576_i = memref<1x8192xi64, #amk.space<words>>
!q576_q = memref<3x5x64xi64, #amk.space<words>>
!q576_rows = memref<512xf32, #amk.space<scratch>>
!q576_w = memref<?xbf16, #amk.space<stream>>
!q576_norm = memref<576xf32, #amk.space<constant>>
!q576_table = memref<1000x576xbf16, #amk.space<external>>
!q576_angles = memref<64x2x32xf32, #amk.space<constant>>
!q576_logits = memref<1x1000xf32, #amk.space<logits>>
!q576_s576 = memref<1x640xf32, #amk.space<scratch>>
!q576_s960 = memref<1x1024xf32, #amk.space<scratch>>

amk.kernel.program @words_types_kernel scratch_bytes = 29184 {
  amk.kernel.body @h2048_embed(
      %token: !token, %table: !h2048_table, %out: !h2048_e, %begin: index,
      %count: index) {
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.embed %token, %table to %out[%begin, %count] at %position
        tag %tag : !token, !h2048_table, !h2048_e, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @h2048_qkv(
      %x: !h2048_e, %norm: !h2048_norm, %weights: !h2048_w,
      %angles: !h2048_angles, %out: !h2048_q, %begin: index, %count: index,
      %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !h2048_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !h2048_w, !h2048_e, !h2048_rows, index, index, !h2048_norm
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.store_qkv %rows, %angles to %out[%begin, %count] at %position
        tile_rows = 8 tag %tag
        : !h2048_rows, !h2048_angles, !h2048_q, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @h2048_o(
      %x: !h2048_q, %weights: !h2048_w, %residual: !h2048_e, %out: !h2048_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !h2048_rows
    amk.kernel.gemv %weights, %x tag %in
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !h2048_w, !h2048_q, !h2048_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !h2048_rows, !h2048_e, index, index, !h2048_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @h2048_gated(
      %x: !h2048_e, %norm: !h2048_norm, %weights: !h2048_w, %out: !h2048_i,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !h2048_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !h2048_w, !h2048_e, !h2048_rows, index, index, !h2048_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_gated silu %rows to %out[%begin, %count]
        tile_rows = 8 tag %tag
        : !h2048_rows, !h2048_i, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @h2048_down(
      %x: !h2048_i, %weights: !h2048_w, %residual: !h2048_e, %out: !h2048_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !h2048_rows
    amk.kernel.gemv %weights, %x tag %in to %rows
        tiles = %tiles tile_rows = 8 layout mma_tile8x2 hi_lo
        : !h2048_w, !h2048_i, !h2048_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !h2048_rows, !h2048_e, index, index, !h2048_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @h2048_head(
      %x: !h2048_e, %norm: !h2048_norm, %weights: !h2048_w,
      %logits: !h2048_logits, %out: !best, %begin: index, %count: index,
      %tiles: index, %part: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !h2048_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !h2048_w, !h2048_e, !h2048_rows, index, index, !h2048_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_logits %rows to %logits[%begin, %count], %out[%part]
        tag %tag : !h2048_rows, !h2048_logits, !best, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @f576_embed(
      %token: !token, %table: !f576_table, %out: !f576_e, %begin: index,
      %count: index) {
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.embed %token, %table to %out[%begin, %count] at %position
        tag %tag : !token, !f576_table, !f576_e, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @f576_qkv(
      %x: !f576_e, %norm: !f576_norm, %weights: !f576_w, %angles: !f576_angles,
      %out: !f576_q, %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !f576_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout scalar_tile8
        : !f576_w, !f576_e, !f576_rows, index, index, !f576_norm
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.store_qkv %rows, %angles to %out[%begin, %count] at %position
        tile_rows = 8 tag %tag
        : !f576_rows, !f576_angles, !f576_q, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @f576_o(
      %x: !f576_q, %weights: !f576_w, %residual: !f576_e, %out: !f576_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !f576_rows
    amk.kernel.gemv %weights, %x tag %in
        to %rows tiles = %tiles tile_rows = 8
        layout scalar_tile8
        : !f576_w, !f576_q, !f576_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !f576_rows, !f576_e, index, index, !f576_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @f576_gated(
      %x: !f576_e, %norm: !f576_norm, %weights: !f576_w, %out: !f576_i,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !f576_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout scalar_tile8
        : !f576_w, !f576_e, !f576_rows, index, index, !f576_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_gated silu %rows to %out[%begin, %count]
        tile_rows = 8 tag %tag
        : !f576_rows, !f576_i, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @f576_down(
      %x: !f576_i, %weights: !f576_w, %residual: !f576_e, %out: !f576_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !f576_rows
    amk.kernel.gemv %weights, %x tag %in to %rows
        tiles = %tiles tile_rows = 8 layout scalar_tile8
        : !f576_w, !f576_i, !f576_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !f576_rows, !f576_e, index, index, !f576_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @f576_head(
      %x: !f576_e, %norm: !f576_norm, %weights: !f576_w, %logits: !f576_logits,
      %out: !best, %begin: index, %count: index, %tiles: index, %part: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !f576_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout scalar_tile8
        : !f576_w, !f576_e, !f576_rows, index, index, !f576_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_logits %rows to %logits[%begin, %count], %out[%part]
        tag %tag : !f576_rows, !f576_logits, !best, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @q576_embed(
      %token: !token, %table: !q576_table, %out: !q576_e, %begin: index,
      %count: index) {
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.embed %token, %table to %out[%begin, %count] at %position
        tag %tag : !token, !q576_table, !q576_e, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @q576_qkv(
      %x: !q576_e, %norm: !q576_norm, %weights: !q576_w, %angles: !q576_angles,
      %out: !q576_q, %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !q576_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 4
        layout mma_tile4x4 hi_lo
        : !q576_w, !q576_e, !q576_rows, index, index, !q576_norm
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.store_qkv %rows, %angles to %out[%begin, %count] at %position
        tile_rows = 4 tag %tag
        : !q576_rows, !q576_angles, !q576_q, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @q576_o(
      %x: !q576_q, %weights: !q576_w, %residual: !q576_e, %out: !q576_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !q576_rows
    amk.kernel.gemv %weights, %x tag %in
        to %rows tiles = %tiles tile_rows = 4
        layout mma_tile4x4 hi_lo
        : !q576_w, !q576_q, !q576_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !q576_rows, !q576_e, index, index, !q576_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @q576_gated(
      %x: !q576_e, %norm: !q576_norm, %weights: !q576_w, %out: !q576_i,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !q576_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 4
        layout mma_tile4x4 hi_lo
        : !q576_w, !q576_e, !q576_rows, index, index, !q576_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_gated silu %rows to %out[%begin, %count]
        tile_rows = 4 tag %tag
        : !q576_rows, !q576_i, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @q576_down(
      %x: !q576_i, %weights: !q576_w, %residual: !q576_e, %out: !q576_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !q576_rows
    amk.kernel.gemv %weights, %x tag %in to %rows
        tiles = %tiles tile_rows = 4 layout mma_tile4x4 hi_lo
        : !q576_w, !q576_i, !q576_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !q576_rows, !q576_e, index, index, !q576_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @q576_head(
      %x: !q576_e, %norm: !q576_norm, %weights: !q576_w, %logits: !q576_logits,
      %out: !best, %begin: index, %count: index, %tiles: index, %part: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !q576_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 4
        layout mma_tile4x4 hi_lo
        : !q576_w, !q576_e, !q576_rows, index, index, !q576_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_logits %rows to %logits[%begin, %count], %out[%part]
        tag %tag : !q576_rows, !q576_logits, !best, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @next_token(%best: !best) {
    %in = amk.kernel.input_tag 0
    %position = amk.kernel.position
    amk.kernel.next_token %best tag %in at %position : !best, index, index
    amk.kernel.return
  }
}
