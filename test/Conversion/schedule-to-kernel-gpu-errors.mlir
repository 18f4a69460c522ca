// What has no kernel body for a GPU, and what has none for a CPU.

// RUN: amk-opt %s -split-input-file -verify-diagnostics -convert-amk-schedule-to-kernel

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @gate workers = 1 config = #config
    attributes {amk.stage_bytes = 16384 : i64} {
  %control = amk.buffer control "control" offset 64 : memref<1xi32>
  amk.queue 0 {
    // expected-error @below {{'amk.task.gate' op has no kernel body for a GPU}}
    amk.task.gate #amk.phase<0, "gate", 0 of 1> (%control)
        : (memref<1xi32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
// Bodies are made in the order of phases.
amk.schedule @cached_attention workers = 1 config = #config
    arena_bytes = 512 attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" offset 0 : memref<32x8xf32>
  %q = amk.buffer activation "q" offset 0 : memref<1x8xf32>
  %a = amk.buffer activation "a" offset 256 : memref<1x8xf32>
  %kv = amk.buffer kv_cache "kv" offset 0 : memref<2x1x16x8xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%q)
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.task.kv_append #amk.phase<2, "append", 0 of 1> #amk.range<0, 1>
        (%q, %q) to (%kv)
        : (memref<1x8xf32>, memref<1x8xf32>, memref<2x1x16x8xf32>) -> ()
    // expected-error @below {{'amk.task.attention' op has no kernel body for a GPU without ring}}
    amk.task.attention #amk.phase<1, "attention", 0 of 1> #amk.range<0, 1>
        splits = 1 scale = 0.5 (%q, %kv) to (%a)
        : (memref<1x8xf32>, memref<2x1x16x8xf32>, memref<1x8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @plain_best workers = 1 config = #config arena_bytes = 512
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" offset 0 : memref<32x8xf32>
  %logits = amk.buffer logits "logits" offset 128 : memref<1x32xf32>
  %w = amk.buffer weight "w" source "w" : memref<32x8xf32>
  %x = amk.buffer activation "x" offset 0 : memref<1x8xf32>
  // expected-note @below {{see the buffer here}}
  %best = amk.buffer activation "best" offset 256 : memref<3xi32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.task.head #amk.phase<1, "head", 0 of 1> #amk.range<0, 32> tile 8 (%x)
        weight(%w) to (%logits, %best) stream_offset 0
        : (memref<1x8xf32>, memref<32x8xf32>, memref<1x32xf32>, memref<3xi32>) -> ()
    // expected-error @below {{'amk.task.next_token' op expects hand_off tag of buffer "best", as its body for a GPU knows nothing else}}
    amk.task.next_token #amk.phase<2, "next", 0 of 1> (%best) to (%token)
        : (memref<3xi32>, memref<1xi32>) -> ()
  }
}

// -----

// A row of tiles of 6 is nothing that a tensor core takes.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @tiles workers = 1 config = #config arena_bytes = 512
    attributes {amk.stage_bytes = 16384 : i64} {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" offset 0 : memref<32x8xf32>
  %w = amk.buffer weight "w" source "w" : memref<8x8xbf16>
  %x = amk.buffer activation "x" offset 0 : memref<1x8xf32>
  %y = amk.buffer activation "y" offset 256 : memref<1x8xf32>
  amk.queue 0 {
    amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    // expected-error @below {{'amk.task.linear' op has tiles of 6 rows of 'bf16', expected 8 or 4 on a GPU}}
    amk.task.linear #amk.phase<1, "y", 0 of 1> #amk.range<0, 8> tile 6 (%x)
        weight(%w) to (%y) stream_offset 0
        : (memref<1x8xf32>, memref<8x8xbf16>, memref<1x8xf32>) -> ()
  }
}

// -----

// Without amk.stage_bytes the schedule is for a CPU.

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>
amk.schedule @words_for_a_cpu workers = 1 config = #config arena_bytes = 256
    tags = <stride = 2, bits = 32> {
  %token = amk.buffer token "token" offset 0 : memref<1xi32>
  %table = amk.buffer table "embed" source "embed" offset 0 : memref<32x8xf32>
  %x = amk.buffer activation "x" offset 0 hand_off tag : memref<1x8xf32>
  %tx = amk.counter "x" tag base 1 of %x[0 to 64] : memref<1x8xf32>
  amk.queue 0 {
    // expected-error @below {{'amk.task.embed' op has no kernel body for a CPU; expected a schedule for a GPU, with amk.stage_bytes}}
    amk.task.embed #amk.phase<0, "embed", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<32x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %tx += 1
  }
}
