// Persistent kernels: steps of models of one layer, without attention: o
// multiplies what qkv made. All vectors are words. The bodies are those of
// kConfigs in amk-gpu-words-test.cpp, in the same order, and one next_token for
// all of them. amk-gpu-test-code sets the architecture.

!token = memref<4xi32, #amk.space<token>>
!best = memref<9xi64, #amk.space<words>>
!b37_e = memref<1x48xi64, #amk.space<words>>
!b37_i = memref<1x37xi64, #amk.space<words>>
!b37_q = memref<1x3x16xi64, #amk.space<words>>
!b37_rows = memref<512xf32, #amk.space<scratch>>
!b37_w = memref<?xbf16, #amk.space<stream>>
!b37_norm = memref<48xf32, #amk.space<constant>>
!b37_table = memref<100x48xbf16, #amk.space<external>>
!b37_angles = memref<64x2x8xf32, #amk.space<constant>>
!b37_logits = memref<1x100xf32, #amk.space<logits>>
!b37_s48 = memref<1x64xf32, #amk.space<scratch>>
!b37_s37 = memref<1x64xf32, #amk.space<scratch>>
!f1_e = memref<1x48xi64, #amk.space<words>>
!f1_i = memref<1x1xi64, #amk.space<words>>
!f1_q = memref<1x3x16xi64, #amk.space<words>>
!f1_rows = memref<512xf32, #amk.space<scratch>>
!f1_w = memref<?xf32, #amk.space<stream>>
!f1_norm = memref<48xf32, #amk.space<constant>>
!f1_table = memref<100x48xf32, #amk.space<external>>
!f1_angles = memref<64x2x8xf32, #amk.space<constant>>
!f1_logits = memref<1x100xf32, #amk.space<logits>>
!f1_s48 = memref<1x64xf32, #amk.space<scratch>>
!f1_s1 = memref<1x32xf32, #amk.space<scratch>>
!b4101_e = memref<1x48xi64, #amk.space<words>>
!b4101_i = memref<1x4101xi64, #amk.space<words>>
!b4101_q = memref<1x3x16xi64, #amk.space<words>>
!b4101_rows = memref<1024xf32, #amk.space<scratch>>
!b4101_w = memref<?xbf16, #amk.space<stream>>
!b4101_norm = memref<48xf32, #amk.space<constant>>
!b4101_table = memref<100x48xbf16, #amk.space<external>>
!b4101_angles = memref<64x2x8xf32, #amk.space<constant>>
!b4101_logits = memref<1x100xf32, #amk.space<logits>>
!b4101_s48 = memref<1x64xf32, #amk.space<scratch>>

amk.kernel.program @words_odd_kernel scratch_bytes = 29184 {
  amk.kernel.body @b37_embed(
      %token: !token, %table: !b37_table, %out: !b37_e, %begin: index,
      %count: index) {
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.embed %token, %table to %out[%begin, %count] at %position
        tag %tag : !token, !b37_table, !b37_e, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b37_qkv(
      %x: !b37_e, %norm: !b37_norm, %weights: !b37_w, %angles: !b37_angles,
      %out: !b37_q, %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b37_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b37_w, !b37_e, !b37_rows, index, index, !b37_norm
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.store_qkv %rows, %angles to %out[%begin, %count] at %position
        tile_rows = 8 tag %tag
        : !b37_rows, !b37_angles, !b37_q, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b37_o(
      %x: !b37_q, %weights: !b37_w, %residual: !b37_e, %out: !b37_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b37_rows
    amk.kernel.gemv %weights, %x tag %in
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b37_w, !b37_q, !b37_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !b37_rows, !b37_e, index, index, !b37_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @b37_gated(
      %x: !b37_e, %norm: !b37_norm, %weights: !b37_w, %out: !b37_i,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b37_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b37_w, !b37_e, !b37_rows, index, index, !b37_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_gated silu %rows to %out[%begin, %count]
        tile_rows = 8 tag %tag
        : !b37_rows, !b37_i, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b37_down(
      %x: !b37_i, %weights: !b37_w, %residual: !b37_e, %out: !b37_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b37_rows
    amk.kernel.gemv %weights, %x tag %in
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b37_w, !b37_i, !b37_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !b37_rows, !b37_e, index, index, !b37_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @b37_head(
      %x: !b37_e, %norm: !b37_norm, %weights: !b37_w, %logits: !b37_logits,
      %out: !best, %begin: index, %count: index, %tiles: index, %part: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b37_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b37_w, !b37_e, !b37_rows, index, index, !b37_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_logits %rows to %logits[%begin, %count], %out[%part]
        tag %tag : !b37_rows, !b37_logits, !best, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @f1_embed(
      %token: !token, %table: !f1_table, %out: !f1_e, %begin: index,
      %count: index) {
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.embed %token, %table to %out[%begin, %count] at %position
        tag %tag : !token, !f1_table, !f1_e, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @f1_qkv(
      %x: !f1_e, %norm: !f1_norm, %weights: !f1_w, %angles: !f1_angles,
      %out: !f1_q, %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !f1_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout scalar_tile8
        : !f1_w, !f1_e, !f1_rows, index, index, !f1_norm
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.store_qkv %rows, %angles to %out[%begin, %count] at %position
        tile_rows = 8 tag %tag
        : !f1_rows, !f1_angles, !f1_q, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @f1_o(
      %x: !f1_q, %weights: !f1_w, %residual: !f1_e, %out: !f1_e, %begin: index,
      %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !f1_rows
    amk.kernel.gemv %weights, %x tag %in
        to %rows tiles = %tiles tile_rows = 8
        layout scalar_tile8
        : !f1_w, !f1_q, !f1_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !f1_rows, !f1_e, index, index, !f1_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @f1_gated(
      %x: !f1_e, %norm: !f1_norm, %weights: !f1_w, %out: !f1_i, %begin: index,
      %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !f1_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout scalar_tile8
        : !f1_w, !f1_e, !f1_rows, index, index, !f1_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_gated silu %rows to %out[%begin, %count]
        tile_rows = 8 tag %tag
        : !f1_rows, !f1_i, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @f1_down(
      %x: !f1_i, %weights: !f1_w, %residual: !f1_e, %out: !f1_e, %begin: index,
      %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !f1_rows
    amk.kernel.gemv %weights, %x tag %in
        to %rows tiles = %tiles tile_rows = 8
        layout scalar_tile8
        : !f1_w, !f1_i, !f1_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !f1_rows, !f1_e, index, index, !f1_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @f1_head(
      %x: !f1_e, %norm: !f1_norm, %weights: !f1_w, %logits: !f1_logits,
      %out: !best, %begin: index, %count: index, %tiles: index, %part: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !f1_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout scalar_tile8
        : !f1_w, !f1_e, !f1_rows, index, index, !f1_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_logits %rows to %logits[%begin, %count], %out[%part]
        tag %tag : !f1_rows, !f1_logits, !best, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b4101_embed(
      %token: !token, %table: !b4101_table, %out: !b4101_e, %begin: index,
      %count: index) {
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.embed %token, %table to %out[%begin, %count] at %position
        tag %tag : !token, !b4101_table, !b4101_e, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b4101_qkv(
      %x: !b4101_e, %norm: !b4101_norm, %weights: !b4101_w,
      %angles: !b4101_angles, %out: !b4101_q, %begin: index, %count: index,
      %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b4101_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b4101_w, !b4101_e, !b4101_rows, index, index, !b4101_norm
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.store_qkv %rows, %angles to %out[%begin, %count] at %position
        tile_rows = 8 tag %tag
        : !b4101_rows, !b4101_angles, !b4101_q, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b4101_o(
      %x: !b4101_q, %weights: !b4101_w, %residual: !b4101_e, %out: !b4101_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b4101_rows
    amk.kernel.gemv %weights, %x tag %in
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b4101_w, !b4101_q, !b4101_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !b4101_rows, !b4101_e, index, index, !b4101_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @b4101_gated(
      %x: !b4101_e, %norm: !b4101_norm, %weights: !b4101_w, %out: !b4101_i,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b4101_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b4101_w, !b4101_e, !b4101_rows, index, index, !b4101_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_gated silu %rows to %out[%begin, %count]
        tile_rows = 8 tag %tag
        : !b4101_rows, !b4101_i, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @b4101_down(
      %x: !b4101_i, %weights: !b4101_w, %residual: !b4101_e, %out: !b4101_e,
      %begin: index, %count: index, %tiles: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b4101_rows
    amk.kernel.gemv %weights, %x tag %in to %rows
        tiles = %tiles tile_rows = 8 layout mma_tile8x2 hi_lo
        : !b4101_w, !b4101_i, !b4101_rows, index, index
    %tag = amk.kernel.output_tag
    %again = amk.kernel.input_tag 1
    amk.kernel.store_rows %rows to %out[%begin, %count]
        residual(%residual tag %again) tag %tag
        : !b4101_rows, !b4101_e, index, index, !b4101_e, index, index
    amk.kernel.return
  }
  amk.kernel.body @b4101_head(
      %x: !b4101_e, %norm: !b4101_norm, %weights: !b4101_w,
      %logits: !b4101_logits, %out: !best, %begin: index, %count: index,
      %tiles: index, %part: index) {
    %in = amk.kernel.input_tag 0
    %rows = amk.kernel.scratch 25088 : !b4101_rows
    amk.kernel.gemv %weights, %x tag %in
        norm(%norm, epsilon = 1.000000e-05)
        to %rows tiles = %tiles tile_rows = 8
        layout mma_tile8x2 hi_lo
        : !b4101_w, !b4101_e, !b4101_rows, index, index, !b4101_norm
    %tag = amk.kernel.output_tag
    amk.kernel.store_logits %rows to %logits[%begin, %count], %out[%part]
        tag %tag : !b4101_rows, !b4101_logits, !best, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @next_token(%best: !best) {
    %in = amk.kernel.input_tag 0
    %position = amk.kernel.position
    amk.kernel.next_token %best tag %in at %position : !best, index, index
    amk.kernel.return
  }
}
