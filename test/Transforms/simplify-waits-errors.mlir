// RUN: amk-opt %s -verify-diagnostics -amk-simplify-waits

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// expected-error@+1 {{is unsynchronized; run amk-insert-sync first}}
amk.schedule @early workers = 1 config = #config unsynchronized {
  amk.queue 0 {
  }
}
