// As attention-kernel.mlir, with caches of f32, whose blocks have 8 positions. The
// bodies are those of kFloatCases in AttentionCase.cpp.

amk.kernel.program @attention_kernel scratch_bytes = 29184 {
  amk.kernel.body @attention_d64f32(
      %query: memref<2x3x64xi64, #amk.space<words>>,
      %cache: memref<?xf32, #amk.space<kv_cache>>,
      %partials: memref<2x3x66xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 1 dim = 64 splits = 3
        scale = 0.125000000
        : memref<2x3x64xi64, #amk.space<words>>, index,
          memref<?xf32, #amk.space<kv_cache>>,
          memref<2x3x66xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d64f32(
      %partials: memref<2x3x66xi64, #amk.space<words>>,
      %out: memref<384xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<2x3x66xi64, #amk.space<words>>, index,
          memref<384xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d24f32(
      %query: memref<2x3x24xi64, #amk.space<words>>,
      %cache: memref<?xf32, #amk.space<kv_cache>>,
      %partials: memref<2x3x26xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 1 dim = 24 splits = 3
        scale = 0.204124145
        : memref<2x3x24xi64, #amk.space<words>>, index,
          memref<?xf32, #amk.space<kv_cache>>,
          memref<2x3x26xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d24f32(
      %partials: memref<2x3x26xi64, #amk.space<words>>,
      %out: memref<144xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<2x3x26xi64, #amk.space<words>>, index,
          memref<144xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d8f32(
      %query: memref<2x6x8xi64, #amk.space<words>>,
      %cache: memref<?xf32, #amk.space<kv_cache>>,
      %partials: memref<8x3x10xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 4 dim = 8 splits = 3
        scale = 0.353553391
        : memref<2x6x8xi64, #amk.space<words>>, index,
          memref<?xf32, #amk.space<kv_cache>>,
          memref<8x3x10xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d8f32(
      %partials: memref<8x3x10xi64, #amk.space<words>>,
      %out: memref<96xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<8x3x10xi64, #amk.space<words>>, index,
          memref<96xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d128f32(
      %query: memref<2x3x128xi64, #amk.space<words>>,
      %cache: memref<?xf32, #amk.space<kv_cache>>,
      %partials: memref<2x3x130xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 1 dim = 128 splits = 3
        scale = 0.088388348
        : memref<2x3x128xi64, #amk.space<words>>, index,
          memref<?xf32, #amk.space<kv_cache>>,
          memref<2x3x130xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d128f32(
      %partials: memref<2x3x130xi64, #amk.space<words>>,
      %out: memref<768xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<2x3x130xi64, #amk.space<words>>, index,
          memref<768xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d80f32g3(
      %query: memref<2x5x80xi64, #amk.space<words>>,
      %cache: memref<?xf32, #amk.space<kv_cache>>,
      %partials: memref<6x3x82xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 3 dim = 80 splits = 3
        scale = 0.111803399
        : memref<2x5x80xi64, #amk.space<words>>, index,
          memref<?xf32, #amk.space<kv_cache>>,
          memref<6x3x82xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d80f32g3(
      %partials: memref<6x3x82xi64, #amk.space<words>>,
      %out: memref<800xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<6x3x82xi64, #amk.space<words>>, index,
          memref<800xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d64f32g8(
      %query: memref<2x10x64xi64, #amk.space<words>>,
      %cache: memref<?xf32, #amk.space<kv_cache>>,
      %partials: memref<16x3x66xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 8 dim = 64 splits = 3
        scale = 0.125000000
        : memref<2x10x64xi64, #amk.space<words>>, index,
          memref<?xf32, #amk.space<kv_cache>>,
          memref<16x3x66xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d64f32g8(
      %partials: memref<16x3x66xi64, #amk.space<words>>,
      %out: memref<1280xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<16x3x66xi64, #amk.space<words>>, index,
          memref<1280xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d128f32g8(
      %query: memref<2x10x128xi64, #amk.space<words>>,
      %cache: memref<?xf32, #amk.space<kv_cache>>,
      %partials: memref<16x3x130xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 8 dim = 128 splits = 3
        scale = 0.088388348
        : memref<2x10x128xi64, #amk.space<words>>, index,
          memref<?xf32, #amk.space<kv_cache>>,
          memref<16x3x130xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d128f32g8(
      %partials: memref<16x3x130xi64, #amk.space<words>>,
      %out: memref<2560xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<16x3x130xi64, #amk.space<words>>, index,
          memref<2560xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
}
