// The same with heads of more than 128 elements, whose blocks take a stage of
// 16 KiB and are shared by four warps. Bodies of wideCases() in AttentionCase.cpp.

amk.kernel.program @attention_wide_kernel scratch_bytes = 29184 {
  amk.kernel.body @attention_d256(
      %query: memref<2x5x256xi64, #amk.space<words>>,
      %cache: memref<?xbf16, #amk.space<kv_cache>>,
      %partials: memref<6x3x258xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 3 dim = 256 splits = 3
        scale = 0.062500000
        : memref<2x5x256xi64, #amk.space<words>>, index,
          memref<?xbf16, #amk.space<kv_cache>>,
          memref<6x3x258xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d256(
      %partials: memref<6x3x258xi64, #amk.space<words>>,
      %out: memref<2560xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<6x3x258xi64, #amk.space<words>>, index,
          memref<2560xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d256g8(
      %query: memref<2x10x256xi64, #amk.space<words>>,
      %cache: memref<?xbf16, #amk.space<kv_cache>>,
      %partials: memref<16x3x258xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 8 dim = 256 splits = 3
        scale = 0.062500000
        : memref<2x10x256xi64, #amk.space<words>>, index,
          memref<?xbf16, #amk.space<kv_cache>>,
          memref<16x3x258xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d256g8(
      %partials: memref<16x3x258xi64, #amk.space<words>>,
      %out: memref<5120xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<16x3x258xi64, #amk.space<words>>, index,
          memref<5120xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d144f16(
      %query: memref<2x4x144xi64, #amk.space<words>>,
      %cache: memref<?xf16, #amk.space<kv_cache>>,
      %partials: memref<4x3x146xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 2 dim = 144 splits = 3
        scale = 0.083333333
        : memref<2x4x144xi64, #amk.space<words>>, index,
          memref<?xf16, #amk.space<kv_cache>>,
          memref<4x3x146xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d144f16(
      %partials: memref<4x3x146xi64, #amk.space<words>>,
      %out: memref<1152xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<4x3x146xi64, #amk.space<words>>, index,
          memref<1152xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
}
