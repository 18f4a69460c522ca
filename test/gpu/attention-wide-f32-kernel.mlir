// The same with heads of more than 128 elements, whose blocks take a stage of
// 16 KiB and are shared by four warps. Bodies of wideFloatCases() in AttentionCase.cpp.

amk.kernel.program @attention_wide_f32_kernel scratch_bytes = 29184 {
  amk.kernel.body @attention_d256f32(
      %query: memref<2x4x256xi64, #amk.space<words>>,
      %cache: memref<?xf32, #amk.space<kv_cache>>,
      %partials: memref<4x3x258xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 2 dim = 256 splits = 3
        scale = 0.062500000
        : memref<2x4x256xi64, #amk.space<words>>, index,
          memref<?xf32, #amk.space<kv_cache>>,
          memref<4x3x258xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d256f32(
      %partials: memref<4x3x258xi64, #amk.space<words>>,
      %out: memref<2048xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<4x3x258xi64, #amk.space<words>>, index,
          memref<2048xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
  amk.kernel.body @attention_d200f32g8(
      %query: memref<2x10x200xi64, #amk.space<words>>,
      %cache: memref<?xf32, #amk.space<kv_cache>>,
      %partials: memref<16x3x202xi64, #amk.space<words>>,
      %head: index, %split: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.ring_attention %query tag %tag_in, %cache to %partials tag %tag
        unit(%head, %split) at %position heads = 8 dim = 200 splits = 3
        scale = 0.070710678
        : memref<2x10x200xi64, #amk.space<words>>, index,
          memref<?xf32, #amk.space<kv_cache>>,
          memref<16x3x202xi64, #amk.space<words>>, index,
          index, index, index
    amk.kernel.return
  }
  amk.kernel.body @combine_d200f32g8(
      %partials: memref<16x3x202xi64, #amk.space<words>>,
      %out: memref<4000xi64, #amk.space<words>>,
      %begin: index, %count: index) {
    %tag_in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %position = amk.kernel.position
    amk.kernel.combine_splits %partials tag %tag_in to %out[%begin, %count]
        at %position tag %tag
        : memref<16x3x202xi64, #amk.space<words>>, index,
          memref<4000xi64, #amk.space<words>>, index, index, index,
          index
    amk.kernel.return
  }
}
