// Persistent kernels: attention of 2 kv heads in 3 splits with the cache from the
// ring, and the joining of splits, whose results are the next step's queries,
// keys and values. The bodies are those of kHalfCases in AttentionCase.cpp, in
// the same order: attention, then its combine. amk-gpu-test-code sets the
// architecture.

amk.kernel.program @attention_kernel scratch_bytes = 29184 {
  amk.kernel.body @attention_d64(
      %query: memref<2x6x64xi64, #amk.space<words>>,
      %cache: memref<?xbf16, #amk.space<kv_cache>>,
      %partials: memref<8x3x66xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 4 dim = 64 splits = 3
        scale = 0.125000000
        : memref<2x6x64xi64, #amk.space<words>>, index,
          memref<?xbf16, #amk.space<kv_cache>>,
          memref<8x3x66xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d64(
      %partials: memref<8x3x66xi64, #amk.space<words>>,
      %out: memref<768xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<8x3x66xi64, #amk.space<words>>, index,
          memref<768xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d128(
      %query: memref<2x6x128xi64, #amk.space<words>>,
      %cache: memref<?xbf16, #amk.space<kv_cache>>,
      %partials: memref<8x3x130xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 4 dim = 128 splits = 3
        scale = 0.088388348
        : memref<2x6x128xi64, #amk.space<words>>, index,
          memref<?xbf16, #amk.space<kv_cache>>,
          memref<8x3x130xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d128(
      %partials: memref<8x3x130xi64, #amk.space<words>>,
      %out: memref<1536xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<8x3x130xi64, #amk.space<words>>, index,
          memref<1536xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d16(
      %query: memref<2x10x16xi64, #amk.space<words>>,
      %cache: memref<?xbf16, #amk.space<kv_cache>>,
      %partials: memref<16x3x18xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 8 dim = 16 splits = 3
        scale = 0.250000000
        : memref<2x10x16xi64, #amk.space<words>>, index,
          memref<?xbf16, #amk.space<kv_cache>>,
          memref<16x3x18xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d16(
      %partials: memref<16x3x18xi64, #amk.space<words>>,
      %out: memref<320xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<16x3x18xi64, #amk.space<words>>, index,
          memref<320xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d72(
      %query: memref<2x5x72xi64, #amk.space<words>>,
      %cache: memref<?xbf16, #amk.space<kv_cache>>,
      %partials: memref<6x3x74xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 3 dim = 72 splits = 3
        scale = 0.117851130
        : memref<2x5x72xi64, #amk.space<words>>, index,
          memref<?xbf16, #amk.space<kv_cache>>,
          memref<6x3x74xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d72(
      %partials: memref<6x3x74xi64, #amk.space<words>>,
      %out: memref<720xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<6x3x74xi64, #amk.space<words>>, index,
          memref<720xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d64f16(
      %query: memref<2x5x64xi64, #amk.space<words>>,
      %cache: memref<?xf16, #amk.space<kv_cache>>,
      %partials: memref<6x3x66xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 3 dim = 64 splits = 3
        scale = 0.125000000
        : memref<2x5x64xi64, #amk.space<words>>, index,
          memref<?xf16, #amk.space<kv_cache>>,
          memref<6x3x66xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d64f16(
      %partials: memref<6x3x66xi64, #amk.space<words>>,
      %out: memref<640xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<6x3x66xi64, #amk.space<words>>, index,
          memref<640xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d8(
      %query: memref<2x5x8xi64, #amk.space<words>>,
      %cache: memref<?xbf16, #amk.space<kv_cache>>,
      %partials: memref<6x3x10xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 3 dim = 8 splits = 3
        scale = 0.353553391
        : memref<2x5x8xi64, #amk.space<words>>, index,
          memref<?xbf16, #amk.space<kv_cache>>,
          memref<6x3x10xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d8(
      %partials: memref<6x3x10xi64, #amk.space<words>>,
      %out: memref<80xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<6x3x10xi64, #amk.space<words>>, index,
          memref<80xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d24f16(
      %query: memref<2x3x24xi64, #amk.space<words>>,
      %cache: memref<?xf16, #amk.space<kv_cache>>,
      %partials: memref<2x3x26xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 1 dim = 24 splits = 3
        scale = 0.204124145
        : memref<2x3x24xi64, #amk.space<words>>, index,
          memref<?xf16, #amk.space<kv_cache>>,
          memref<2x3x26xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d24f16(
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
  amk.kernel.body @attention_d80f16(
      %query: memref<2x6x80xi64, #amk.space<words>>,
      %cache: memref<?xf16, #amk.space<kv_cache>>,
      %partials: memref<8x3x82xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 4 dim = 80 splits = 3
        scale = 0.111803399
        : memref<2x6x80xi64, #amk.space<words>>, index,
          memref<?xf16, #amk.space<kv_cache>>,
          memref<8x3x82xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d80f16(
      %partials: memref<8x3x82xi64, #amk.space<words>>,
      %out: memref<960xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<8x3x82xi64, #amk.space<words>>, index,
          memref<960xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d96(
      %query: memref<2x7x96xi64, #amk.space<words>>,
      %cache: memref<?xbf16, #amk.space<kv_cache>>,
      %partials: memref<10x3x98xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 5 dim = 96 splits = 3
        scale = 0.102062073
        : memref<2x7x96xi64, #amk.space<words>>, index,
          memref<?xbf16, #amk.space<kv_cache>>,
          memref<10x3x98xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d96(
      %partials: memref<10x3x98xi64, #amk.space<words>>,
      %out: memref<1344xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<10x3x98xi64, #amk.space<words>>, index,
          memref<1344xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d64g8(
      %query: memref<2x10x64xi64, #amk.space<words>>,
      %cache: memref<?xbf16, #amk.space<kv_cache>>,
      %partials: memref<16x3x66xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 8 dim = 64 splits = 3
        scale = 0.125000000
        : memref<2x10x64xi64, #amk.space<words>>, index,
          memref<?xbf16, #amk.space<kv_cache>>,
          memref<16x3x66xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d64g8(
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
  amk.kernel.body @attention_d128g8(
      %query: memref<2x10x128xi64, #amk.space<words>>,
      %cache: memref<?xbf16, #amk.space<kv_cache>>,
      %partials: memref<16x3x130xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 8 dim = 128 splits = 3
        scale = 0.088388348
        : memref<2x10x128xi64, #amk.space<words>>, index,
          memref<?xbf16, #amk.space<kv_cache>>,
          memref<16x3x130xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d128g8(
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
