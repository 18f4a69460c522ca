// Persistent kernels: attention of 2 kv heads in 3 splits with the cache from the
// ring, and the joining of splits. The bodies are those of kConfigs in
// amk-gpu-attention-test.cpp, in the same order: attention, then its combine.
// amk-gpu-test-code sets the architecture.

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
      %out: memref<1x512xf32, #amk.space<arena>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position
        : memref<8x3x66xi64, #amk.space<words>>, index,
          memref<1x512xf32, #amk.space<arena>>, index, index, index
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
      %out: memref<1x1024xf32, #amk.space<arena>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position
        : memref<8x3x130xi64, #amk.space<words>>, index,
          memref<1x1024xf32, #amk.space<arena>>, index, index, index
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
      %out: memref<1x256xf32, #amk.space<arena>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position
        : memref<16x3x18xi64, #amk.space<words>>, index,
          memref<1x256xf32, #amk.space<arena>>, index, index, index
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
      %out: memref<1x432xf32, #amk.space<arena>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position
        : memref<6x3x74xi64, #amk.space<words>>, index,
          memref<1x432xf32, #amk.space<arena>>, index, index, index
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
      %out: memref<1x384xf32, #amk.space<arena>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position
        : memref<6x3x66xi64, #amk.space<words>>, index,
          memref<1x384xf32, #amk.space<arena>>, index, index, index
    amk.kernel.return
  }
}
