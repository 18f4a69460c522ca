// Attributes and types by themselves.

// RUN: amk-opt %s | amk-opt | FileCheck %s
// RUN: amk-opt %s -emit-bytecode | amk-opt | FileCheck %s
// RUN: amk-opt %s -mlir-print-op-generic | amk-opt | FileCheck %s

// CHECK-DAG: #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 0, context = 16, eos = [2, 31], bos = -1>
// CHECK-DAG: #amk.config<family = "other", vocab = 1, hidden = 1, layers = 2, context = 1, eos = [], bos = 0>
// CHECK-DAG: #amk.phase<3, "layers.0.qkv", 1 of 4>
// CHECK-DAG: #amk.range<4, 8>
// CHECK-DAG: #amk.call<@linear_0, [0, -1, 4096]>
// CHECK-DAG: #amk.call<@nothing, []>
// CHECK-DAG: #amk.access<read_previous, buffer = 2, offset = 64, rows = 4, row_bytes = 16, row_stride = 32, counter = -1>
// CHECK-DAG: #amk.access<write_tagged, buffer = 0, offset = 0, rows = 1, row_bytes = 1, row_stride = 0, counter = 3>
// CHECK-DAG: #amk.tags<stride = 3, bits = 64>
// CHECK-DAG: #amk.limits<workers = 132, shared_bytes = 232448>
// CHECK-DAG: #amk.space<arena>
// CHECK-DAG: #amk.space<scratch>
// CHECK-DAG: !amk.kv<heads = 2, positions = 512, dim = 32, element = f32>
// CHECK-DAG: !amk.counter
module attributes {
  test.config = #amk.config<family = "llama", vocab = 32, hidden = 8,
      layers = 0, context = 16, eos = [2, 31], bos = -1>,
  test.smallest = #amk.config<family = "other", vocab = 1, hidden = 1,
      layers = 2, context = 1, eos = [], bos = 0>,
  test.phase = #amk.phase<3, "layers.0.qkv", 1 of 4>,
  test.range = #amk.range<4, 8>,
  test.call = #amk.call<@linear_0, [0, -1, 4096]>,
  test.no_operands = #amk.call<@nothing, []>,
  test.access = #amk.access<read_previous, buffer = 2, offset = 64, rows = 4,
      row_bytes = 16, row_stride = 32, counter = -1>,
  test.tagged = #amk.access<write_tagged, buffer = 0, offset = 0, rows = 1,
      row_bytes = 1, row_stride = 0, counter = 3>,
  test.tags = #amk.tags<stride = 3, bits = 64>,
  test.limits = #amk.limits<workers = 132, shared_bytes = 232448>,
  test.arena = #amk.space<arena>,
  test.scratch = #amk.space<scratch>,
  test.kv = !amk.kv<heads = 2, positions = 512, dim = 32, element = f32>,
  test.counter = !amk.counter
} {}
