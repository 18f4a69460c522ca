// RUN: amk-opt %s -split-input-file -verify-diagnostics -amk-place-tasks
// RUN: not amk-opt %s -split-input-file -amk-place-tasks=workers=0 2>&1 | FileCheck %s --check-prefix=WORKERS
// RUN: not amk-opt %s -split-input-file -amk-place-tasks=placement=random 2>&1 | FileCheck %s --check-prefix=PLACEMENT

// WORKERS: amk-place-tasks: workers: found 0, expected at least 1
// PLACEMENT: amk-place-tasks: placement: found 'random', expected block or rotate

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// expected-error@+1 {{cannot be placed: expected a buffer of kind control}}
amk.graph @uncontrolled config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
}
