// RUN: amk-opt %s -verify-diagnostics -pass-pipeline="builtin.module(amk.graph(amk-choose-hand-off))"

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.graph @step config = #config {
  // expected-error@+1 {{expects f32 or i32 with `hand_off tag`, found 'bf16'}}
  %x = amk.buffer activation "x" : memref<1x8xbf16>
}
