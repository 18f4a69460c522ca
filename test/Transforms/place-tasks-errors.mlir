// RUN: amk-opt %s -split-input-file -verify-diagnostics -amk-place-tasks
// RUN: not amk-opt %s -split-input-file -amk-place-tasks=workers=0 2>&1 | FileCheck %s --check-prefix=WORKERS
// RUN: not amk-opt %s -split-input-file -amk-place-tasks=placement=random 2>&1 | FileCheck %s --check-prefix=PLACEMENT

// WORKERS: amk-place-tasks: workers: found 0, expected 1 to 4096
// PLACEMENT: amk-place-tasks: placement: found 'random', expected block, rotate or bytes

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// expected-error@+1 {{cannot be placed: expected a buffer of kind control}}
amk.graph @uncontrolled config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
}

// -----

// Phases that contradict the order of the graph: what it means would depend on
// which of the two a pass reads.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.graph @disordered config = #config {
  %control = amk.buffer control "control" : memref<1xi32>
  %x = amk.buffer activation "x" : memref<1x16xf32>
  %cache = amk.buffer kv_cache "cache" : memref<2x1x16x16xf32>
  %out = amk.buffer activation "out" : memref<1x16xf32>
  // expected-note @below {{see the task before here}}
  amk.task.kv_append #amk.phase<2, "append", 0 of 1> #amk.range<0, 1>
      (%x, %x) to (%cache)
      : (memref<1x16xf32>, memref<1x16xf32>, memref<2x1x16x16xf32>) -> ()
  // expected-error @below {{cannot be placed: found phase 1 part 0, expected a later one than that of append[0] before it}}
  amk.task.attention #amk.phase<1, "attention", 0 of 1> #amk.range<0, 1>
      splits = 1 scale = 1.0 (%x, %cache) to (%out)
      : (memref<1x16xf32>, memref<2x1x16x16xf32>, memref<1x16xf32>) -> ()
}

// -----

// Gates take phase 0 and move all others up by one.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

amk.graph @last_phase config = #config {
  %control = amk.buffer control "control" : memref<1xi32>
  %x = amk.buffer activation "x" : memref<8xf32>
  // expected-error @below {{cannot be placed: found phase 9223372036854775807, expected a lower one, to make room for the gates before it}}
  amk.task.opaque #amk.phase<9223372036854775807, "last", 0 of 1> (%x)
      accesses [write %x[0 to 32]] : (memref<8xf32>) -> ()
}
