// As attention-kernel.mlir, of models on 132 workers: Llama 3.2 1B, Llama 3.1 8B
// and SmolLM2 135M, which are kTimedShapes in AttentionTiming.cpp.

amk.kernel.program @attention_timing scratch_bytes = 29184 {
  amk.kernel.body @attention_1b(
      %query: memref<8x6x64xi64, #amk.space<words>>,
      %cache: memref<?xbf16, #amk.space<kv_cache>>,
      %partials: memref<32x16x66xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 4 dim = 64 splits = 16
        scale = 0.125000000
        : memref<8x6x64xi64, #amk.space<words>>, index,
          memref<?xbf16, #amk.space<kv_cache>>,
          memref<32x16x66xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_1b(
      %partials: memref<32x16x66xi64, #amk.space<words>>,
      %out: memref<3072xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<32x16x66xi64, #amk.space<words>>, index,
          memref<3072xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_8b(
      %query: memref<8x6x128xi64, #amk.space<words>>,
      %cache: memref<?xbf16, #amk.space<kv_cache>>,
      %partials: memref<32x16x130xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 4 dim = 128 splits = 16
        scale = 0.088388348
        : memref<8x6x128xi64, #amk.space<words>>, index,
          memref<?xbf16, #amk.space<kv_cache>>,
          memref<32x16x130xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_8b(
      %partials: memref<32x16x130xi64, #amk.space<words>>,
      %out: memref<6144xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<32x16x130xi64, #amk.space<words>>, index,
          memref<6144xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_135m(
      %query: memref<3x5x64xi64, #amk.space<words>>,
      %cache: memref<?xbf16, #amk.space<kv_cache>>,
      %partials: memref<9x44x66xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 3 dim = 64 splits = 44
        scale = 0.125000000
        : memref<3x5x64xi64, #amk.space<words>>, index,
          memref<?xbf16, #amk.space<kv_cache>>,
          memref<9x44x66xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_135m(
      %partials: memref<9x44x66xi64, #amk.space<words>>,
      %out: memref<960xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<9x44x66xi64, #amk.space<words>>, index,
          memref<960xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
}
