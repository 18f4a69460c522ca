// RUN: amk-opt %s -verify-diagnostics -amk-allocate-buffers
// RUN: not amk-opt %s -amk-allocate-buffers=alignment=48 2>&1 | FileCheck %s

// CHECK: amk-allocate-buffers: alignment: found 48, expected a power of two

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// expected-error@+1 {{is unsynchronized: buffers share bytes by the order of tasks; run amk-insert-sync first}}
amk.schedule @early workers = 1 config = #config unsynchronized {
  amk.queue 0 {
  }
}
