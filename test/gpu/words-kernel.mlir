// Persistent kernels: steps of models of one layer, without attention: o
// multiplies what qkv made. All vectors are words. The bodies are those of
// kConfigs in amk-gpu-words-test.cpp, in the same order, and one next_token for
// all of them. amk-gpu-test-code sets the architecture.

!token = memref<4xi32, #amk.space<token>>
!best = memref<9xi64, #amk.space<words>>
!b576_e = memref<1x576xi64, #amk.space<words>>
!b576_i = memref<1x1536xi64, #amk.space<words>>
!b576_q = memref<3x5x64xi64, #amk.space<words>>
!b576_rows = memref<96xf32, #amk.space<scratch>>
!b576_head_rows = memref<512xf32, #amk.space<scratch>>
!b576_w = memref<?xbf16, #amk.space<stream>>
!b576_norm = memref<576xf32, #amk.space<constant>>
!b576_table = memref<1000x576xbf16, #amk.space<external>>
!b576_angles = memref<64x2x32xf32, #amk.space<constant>>
!b576_logits = memref<1x1000xf32, #amk.space<logits>>
!b576_s576 = memref<1x576xf32, #amk.space<scratch>>
!b576_s1536 = memref<1x1536xf32, #amk.space<scratch>>
!b576_s960 = memref<1x960xf32, #amk.space<scratch>>
!b48_e = memref<1x48xi64, #amk.space<words>>
!b48_i = memref<1x14336xi64, #amk.space<words>>
!b48_q = memref<1x3x16xi64, #amk.space<words>>
!b48_rows = memref<1024xf32, #amk.space<scratch>>
!b48_w = memref<?xbf16, #amk.space<stream>>
!b48_norm = memref<48xf32, #amk.space<constant>>
!b48_table = memref<100x48xbf16, #amk.space<external>>
!b48_angles = memref<64x2x8xf32, #amk.space<constant>>
!b48_logits = memref<1x100xf32, #amk.space<logits>>
!b48_s48 = memref<1x64xf32, #amk.space<scratch>>
!b4096_e = memref<1x4096xi64, #amk.space<words>>
!b4096_i = memref<1x576xi64, #amk.space<words>>
!b4096_q = memref<2x4x128xi64, #amk.space<words>>
!b4096_rows = memref<1024xf32, #amk.space<scratch>>
!b4096_w = memref<?xbf16, #amk.space<stream>>
!b4096_norm = memref<4096xf32, #amk.space<constant>>
!b4096_table = memref<520x4096xbf16, #amk.space<external>>
!b4096_angles = memref<64x2x64xf32, #amk.space<constant>>
!b4096_logits = memref<1x520xf32, #amk.space<logits>>
!b4096_s4096 = memref<1x4096xf32, #amk.space<scratch>>
!b4096_s1024 = memref<1x1024xf32, #amk.space<scratch>>
!b4096_s576 = memref<1x576xf32, #amk.space<scratch>>

amk.kernel.program @words_kernel scratch_bytes = 29184 {
  amk.kernel.body @b576_embed(
      %token: !token, %table: !b576_table, %out: !b576_e, %begin: index,
      %count: index) {
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.embed %token, %table to %out[%begin, %count] at %position
        tag %tag : !token, !b576_table, !b576_e, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b576_qkv(
      %x: !b576_e, %norm: !b576_norm, %weights: !b576_w, %angles: !b576_angles,
      %out: !b576_q, %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b576_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b576_w, !b576_e, !b576_rows, index, index, !b576_norm
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.store_qkv %rows, %angles to %out[%begin, %count] at %position
        tile_rows = 8 tag %tag
        : !b576_rows, !b576_angles, !b576_q, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b576_o(
      %x: !b576_q, %weights: !b576_w, %residual: !b576_e, %out: !b576_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b576_rows
    amk.kernel.gemv %weights, %x tag %in
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b576_w, !b576_q, !b576_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !b576_rows, !b576_e, index, index, !b576_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @b576_gated(
      %x: !b576_e, %norm: !b576_norm, %weights: !b576_w, %out: !b576_i,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b576_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b576_w, !b576_e, !b576_rows, index, index, !b576_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_gated silu %rows to %out[%begin, %count]
        tile_rows = 8 tag %tag
        : !b576_rows, !b576_i, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b576_down(
      %x: !b576_i, %weights: !b576_w, %residual: !b576_e, %out: !b576_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b576_rows
    amk.kernel.gemv %weights, %x tag %in
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b576_w, !b576_i, !b576_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !b576_rows, !b576_e, index, index, !b576_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @b576_head(
      %x: !b576_e, %norm: !b576_norm, %weights: !b576_w, %logits: !b576_logits,
      %out: !best, %begin: index, %count: index, %tiles: index, %part: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b576_head_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b576_w, !b576_e, !b576_head_rows, index, index, !b576_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_logits %rows to %logits[%begin, %count], %out[%part]
        tag %tag : !b576_head_rows, !b576_logits, !best, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b48_embed(
      %token: !token, %table: !b48_table, %out: !b48_e, %begin: index,
      %count: index) {
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.embed %token, %table to %out[%begin, %count] at %position
        tag %tag : !token, !b48_table, !b48_e, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b48_qkv(
      %x: !b48_e, %norm: !b48_norm, %weights: !b48_w, %angles: !b48_angles,
      %out: !b48_q, %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b48_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2
        : !b48_w, !b48_e, !b48_rows, index, index, !b48_norm
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.store_qkv %rows, %angles to %out[%begin, %count] at %position
        tile_rows = 8 tag %tag
        : !b48_rows, !b48_angles, !b48_q, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b48_o(
      %x: !b48_q, %weights: !b48_w, %residual: !b48_e, %out: !b48_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b48_rows
    amk.kernel.gemv %weights, %x tag %in
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2
        : !b48_w, !b48_q, !b48_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !b48_rows, !b48_e, index, index, !b48_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @b48_gated(
      %x: !b48_e, %norm: !b48_norm, %weights: !b48_w, %out: !b48_i,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b48_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2
        : !b48_w, !b48_e, !b48_rows, index, index, !b48_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_gated silu %rows to %out[%begin, %count]
        tile_rows = 8 tag %tag
        : !b48_rows, !b48_i, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b48_down(
      %x: !b48_i, %weights: !b48_w, %residual: !b48_e, %out: !b48_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b48_rows
    amk.kernel.gemv %weights, %x tag %in to %rows
        tiles = %tiles tile_rows = 8 layout mma_tile8x2
        : !b48_w, !b48_i, !b48_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !b48_rows, !b48_e, index, index, !b48_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @b48_head(
      %x: !b48_e, %norm: !b48_norm, %weights: !b48_w, %logits: !b48_logits,
      %out: !best, %begin: index, %count: index, %tiles: index, %part: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b48_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2
        : !b48_w, !b48_e, !b48_rows, index, index, !b48_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_logits %rows to %logits[%begin, %count], %out[%part]
        tag %tag : !b48_rows, !b48_logits, !best, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b4096_embed(
      %token: !token, %table: !b4096_table, %out: !b4096_e, %begin: index,
      %count: index) {
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.embed %token, %table to %out[%begin, %count] at %position
        tag %tag : !token, !b4096_table, !b4096_e, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b4096_qkv(
      %x: !b4096_e, %norm: !b4096_norm, %weights: !b4096_w,
      %angles: !b4096_angles, %out: !b4096_q, %begin: index, %count: index,
      %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b4096_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b4096_w, !b4096_e, !b4096_rows, index, index, !b4096_norm
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.store_qkv %rows, %angles to %out[%begin, %count] at %position
        tile_rows = 8 tag %tag
        : !b4096_rows, !b4096_angles, !b4096_q, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b4096_o(
      %x: !b4096_q, %weights: !b4096_w, %residual: !b4096_e, %out: !b4096_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b4096_rows
    amk.kernel.gemv %weights, %x tag %in
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b4096_w, !b4096_q, !b4096_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !b4096_rows, !b4096_e, index, index, !b4096_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @b4096_gated(
      %x: !b4096_e, %norm: !b4096_norm, %weights: !b4096_w, %out: !b4096_i,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b4096_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b4096_w, !b4096_e, !b4096_rows, index, index, !b4096_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_gated silu %rows to %out[%begin, %count]
        tile_rows = 8 tag %tag
        : !b4096_rows, !b4096_i, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b4096_down(
      %x: !b4096_i, %weights: !b4096_w, %residual: !b4096_e, %out: !b4096_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b4096_rows
    amk.kernel.gemv %weights, %x tag %in
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b4096_w, !b4096_i, !b4096_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !b4096_rows, !b4096_e, index, index, !b4096_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @b4096_head(
      %x: !b4096_e, %norm: !b4096_norm, %weights: !b4096_w,
      %logits: !b4096_logits, %out: !best, %begin: index, %count: index,
      %tiles: index, %part: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b4096_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b4096_w, !b4096_e, !b4096_rows, index, index, !b4096_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_logits %rows to %logits[%begin, %count], %out[%part]
        tag %tag : !b4096_rows, !b4096_logits, !best, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @next_token(%best: !best) {
    %in = amk.kernel.input_tag 0
    %position = amk.kernel.position
    amk.kernel.next_token %best tag %in at %position : !best, index, index
    amk.kernel.return
  }
}
