// What the verifiers of the tasks for GPUs refuse.

// RUN: amk-opt %s -split-input-file -verify-diagnostics

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %rotary = amk.buffer rotary "rotary" inv_freq = [1.0, 0.1, 0.01, 0.001] scale = 1.0 : memref<32x2x4xf32>
  %wq = amk.buffer weight "wq" source "q" : memref<32x8xbf16>
  %wk = amk.buffer weight "wk" source "k" : memref<16x8xbf16>
  %wv = amk.buffer weight "wv" source "v" : memref<16x8xbf16>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %q = amk.buffer activation "q" : memref<1x64xf32>
  // expected-error @below {{expects a query [kv heads, query heads of one + 2, dim], found 'memref<1x64xf32>'}}
  amk.task.qkv #amk.phase<1, "qkv", 0 of 1> #amk.range<0, 32> tile 8 (%x)
      weights(%wq, %wk, %wv) rotary(%rotary) to (%q)
      : (memref<1x8xf32>, memref<32x8xbf16>, memref<16x8xbf16>, memref<16x8xbf16>, memref<32x2x4xf32>, memref<1x64xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %rotary = amk.buffer rotary "rotary" inv_freq = [1.0, 0.1, 0.01, 0.001] scale = 1.0 : memref<32x2x4xf32>
  %wq = amk.buffer weight "wq" source "q" : memref<32x8xbf16>
  %wk = amk.buffer weight "wk" source "k" : memref<16x8xbf16>
  %wv = amk.buffer weight "wv" source "v" : memref<16x8xbf16>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %q = amk.buffer activation "q" : memref<4x2x8xf32>
  // expected-error @below {{expects a query [kv heads, query heads of one + 2, dim], found 'memref<4x2x8xf32>'}}
  amk.task.qkv #amk.phase<1, "qkv", 0 of 1> #amk.range<0, 32> tile 8 (%x)
      weights(%wq, %wk, %wv) rotary(%rotary) to (%q)
      : (memref<1x8xf32>, memref<32x8xbf16>, memref<16x8xbf16>, memref<16x8xbf16>, memref<32x2x4xf32>, memref<4x2x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %rotary = amk.buffer rotary "rotary" inv_freq = [1.0, 0.1, 0.01, 0.001] scale = 1.0 : memref<32x2x4xf32>
  %wq = amk.buffer weight "wq" source "q" : memref<32x8xbf16>
  %wk = amk.buffer weight "wk" source "k" : memref<16x8xbf16>
  %wv = amk.buffer weight "wv" source "v" : memref<16x8xbf16>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  // expected-error @below {{expects heads of whole tiles of 6 rows without a cache, found 'memref<2x4x8xf32>'}}
  amk.task.qkv #amk.phase<1, "qkv", 0 of 1> #amk.range<0, 32> tile 6 (%x)
      weights(%wq, %wk, %wv) rotary(%rotary) to (%q)
      : (memref<1x8xf32>, memref<32x8xbf16>, memref<16x8xbf16>, memref<16x8xbf16>, memref<32x2x4xf32>, memref<2x4x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %rotary = amk.buffer rotary "rotary" inv_freq = [1.0, 0.1, 0.01, 0.001] scale = 1.0 : memref<32x2x4xf32>
  %wq = amk.buffer weight "wq" source "q" : memref<32x8xbf16>
  %wk = amk.buffer weight "wk" source "k" : memref<16x8xbf16>
  %wv = amk.buffer weight "wv" source "v" : memref<16x8xbf16>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  // expected-error @below {{expects units from a multiple of 4 on without a cache, found 2}}
  amk.task.qkv #amk.phase<1, "qkv", 0 of 1> #amk.range<2, 32> tile 8 (%x)
      weights(%wq, %wk, %wv) rotary(%rotary) to (%q)
      : (memref<1x8xf32>, memref<32x8xbf16>, memref<16x8xbf16>, memref<16x8xbf16>, memref<32x2x4xf32>, memref<2x4x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %rotary = amk.buffer rotary "rotary" inv_freq = [1.0, 0.1] scale = 1.0 : memref<32x2x2xf32>
  %wq = amk.buffer weight "wq" source "q" : memref<32x8xbf16>
  %wk = amk.buffer weight "wk" source "k" : memref<16x8xbf16>
  %wv = amk.buffer weight "wv" source "v" : memref<16x8xbf16>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  // expected-error @below {{expects a rotary table [positions, 2, 4], found 'memref<32x2x2xf32>'}}
  amk.task.qkv #amk.phase<1, "qkv", 0 of 1> #amk.range<0, 32> tile 8 (%x)
      weights(%wq, %wk, %wv) rotary(%rotary) to (%q)
      : (memref<1x8xf32>, memref<32x8xbf16>, memref<16x8xbf16>, memref<16x8xbf16>, memref<32x2x2xf32>, memref<2x4x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %rotary = amk.buffer rotary "rotary" inv_freq = [1.0, 0.1, 0.01, 0.001] scale = 1.0 : memref<32x2x4xf32>
  %wq = amk.buffer weight "wq" source "q" : memref<16x8xbf16>
  %wk = amk.buffer weight "wk" source "k" : memref<16x8xbf16>
  %wv = amk.buffer weight "wv" source "v" : memref<16x8xbf16>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  // expected-error @below {{expects a matrix [32, 8] as query_weight, found 'memref<16x8xbf16>'}}
  amk.task.qkv #amk.phase<1, "qkv", 0 of 1> #amk.range<0, 32> tile 8 (%x)
      weights(%wq, %wk, %wv) rotary(%rotary) to (%q)
      : (memref<1x8xf32>, memref<16x8xbf16>, memref<16x8xbf16>, memref<16x8xbf16>, memref<32x2x4xf32>, memref<2x4x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %rotary = amk.buffer rotary "rotary" inv_freq = [1.0, 0.1, 0.01, 0.001] scale = 1.0 : memref<32x2x4xf32>
  %wq = amk.buffer weight "wq" source "q" : memref<32x8xbf16>
  %wk = amk.buffer weight "wk" source "k" : memref<32x8xbf16>
  %wv = amk.buffer weight "wv" source "v" : memref<16x8xbf16>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  // expected-error @below {{expects a matrix [16, 8] as key_weight, found 'memref<32x8xbf16>'}}
  amk.task.qkv #amk.phase<1, "qkv", 0 of 1> #amk.range<0, 32> tile 8 (%x)
      weights(%wq, %wk, %wv) rotary(%rotary) to (%q)
      : (memref<1x8xf32>, memref<32x8xbf16>, memref<32x8xbf16>, memref<16x8xbf16>, memref<32x2x4xf32>, memref<2x4x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %rotary = amk.buffer rotary "rotary" inv_freq = [1.0, 0.1, 0.01, 0.001] scale = 1.0 : memref<32x2x4xf32>
  %wq = amk.buffer weight "wq" source "q" : memref<32x8xbf16>
  %wk = amk.buffer weight "wk" source "k" : memref<16x8xbf16>
  %wv = amk.buffer weight "wv" source "v" : memref<16x4xbf16>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  // expected-error @below {{expects a matrix [16, 8] as value_weight, found 'memref<16x4xbf16>'}}
  amk.task.qkv #amk.phase<1, "qkv", 0 of 1> #amk.range<0, 32> tile 8 (%x)
      weights(%wq, %wk, %wv) rotary(%rotary) to (%q)
      : (memref<1x8xf32>, memref<32x8xbf16>, memref<16x8xbf16>, memref<16x4xbf16>, memref<32x2x4xf32>, memref<2x4x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %rotary = amk.buffer rotary "rotary" inv_freq = [1.0, 0.1, 0.01, 0.001] scale = 1.0 : memref<32x2x4xf32>
  %wq = amk.buffer weight "wq" source "q" : memref<32x8xbf16>
  %wk = amk.buffer weight "wk" source "k" : memref<16x8xbf16>
  %wv = amk.buffer weight "wv" source "v" : memref<16x8xbf16>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  // expected-error @below {{covers units [0, 36) of 32}}
  amk.task.qkv #amk.phase<1, "qkv", 0 of 1> #amk.range<0, 36> tile 8 (%x)
      weights(%wq, %wk, %wv) rotary(%rotary) to (%q)
      : (memref<1x8xf32>, memref<32x8xbf16>, memref<16x8xbf16>, memref<16x8xbf16>, memref<32x2x4xf32>, memref<2x4x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %rotary = amk.buffer rotary "rotary" inv_freq = [1.0, 0.1, 0.01, 0.001] scale = 1.0 : memref<32x2x4xf32>
  %wq = amk.buffer weight "wq" source "q" : memref<32x8xbf16>
  %wk = amk.buffer weight "wk" source "k" : memref<16x8xbf16>
  %wv = amk.buffer weight "wv" source "v" : memref<16x8xf16>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  // expected-error @below {{expects weights of one element type}}
  amk.task.qkv #amk.phase<1, "qkv", 0 of 1> #amk.range<0, 32> tile 8 (%x)
      weights(%wq, %wk, %wv) rotary(%rotary) to (%q)
      : (memref<1x8xf32>, memref<32x8xbf16>, memref<16x8xbf16>, memref<16x8xf16>, memref<32x2x4xf32>, memref<2x4x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %q = amk.buffer activation "q" : memref<1x32xf32>
  %kv = amk.buffer kv_cache "kv" : memref<1x2x16x16xbf16>
  %p = amk.buffer activation "p" : memref<4x2x10xf32>
  // expected-error @below {{expects a query [kv heads, query heads of one + 2, dim], found 'memref<1x32xf32>'}}
  amk.task.attention #amk.phase<2, "attention", 0 of 4> #amk.range<0, 1> splits = 2
      scale = 0.25 ring (%q, %kv) to (%p)
      : (memref<1x32xf32>, memref<1x2x16x16xbf16>, memref<4x2x10xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  %kv = amk.buffer kv_cache "kv" : memref<1x2x8x16xbf16>
  %p = amk.buffer activation "p" : memref<4x2x10xf32>
  // expected-error @below {{expects a cache [blocks, 2, 16, padded dim] of 'bf16', found 'memref<1x2x8x16xbf16>'}}
  amk.task.attention #amk.phase<2, "attention", 0 of 4> #amk.range<0, 1> splits = 2
      scale = 0.25 ring (%q, %kv) to (%p)
      : (memref<2x4x8xf32>, memref<1x2x8x16xbf16>, memref<4x2x10xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  %kv = amk.buffer kv_cache "kv" : memref<1x2x16x16xf32>
  %p = amk.buffer activation "p" : memref<4x2x10xf32>
  // expected-error @below {{expects a cache [blocks, 2, 8, padded dim] of 'f32', found 'memref<1x2x16x16xf32>'}}
  amk.task.attention #amk.phase<2, "attention", 0 of 4> #amk.range<0, 1> splits = 2
      scale = 0.25 ring (%q, %kv) to (%p)
      : (memref<2x4x8xf32>, memref<1x2x16x16xf32>, memref<4x2x10xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  %kv = amk.buffer kv_cache "kv" : memref<1x16x16xf16>
  %p = amk.buffer activation "p" : memref<4x2x10xf32>
  // expected-error @below {{expects a cache [blocks, 2, 16, padded dim] of 'f16', found 'memref<1x16x16xf16>'}}
  amk.task.attention #amk.phase<2, "attention", 0 of 4> #amk.range<0, 1> splits = 2
      scale = 0.25 ring (%q, %kv) to (%p)
      : (memref<2x4x8xf32>, memref<1x16x16xf16>, memref<4x2x10xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  %kv = amk.buffer kv_cache "kv" : memref<1x2x16x8xbf16>
  %p = amk.buffer activation "p" : memref<4x2x10xf32>
  // expected-error @below {{expects a cache with rows of 16 elements for heads of 8, found 'memref<1x2x16x8xbf16>'}}
  amk.task.attention #amk.phase<2, "attention", 0 of 4> #amk.range<0, 1> splits = 2
      scale = 0.25 ring (%q, %kv) to (%p)
      : (memref<2x4x8xf32>, memref<1x2x16x8xbf16>, memref<4x2x10xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  %kv = amk.buffer kv_cache "kv" : memref<1x2x16x16xbf16>
  %p = amk.buffer activation "p" : memref<4x2x10xf32>
  // expected-error @below {{expects splits from 1 on, found 0}}
  amk.task.attention #amk.phase<2, "attention", 0 of 4> #amk.range<0, 1> splits = 0
      scale = 0.25 ring (%q, %kv) to (%p)
      : (memref<2x4x8xf32>, memref<1x2x16x16xbf16>, memref<4x2x10xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  %kv = amk.buffer kv_cache "kv" : memref<1x2x16x16xbf16>
  %p = amk.buffer activation "p" : memref<2x4x10xf32>
  // expected-error @below {{expects out [4, 2, 10], found 'memref<2x4x10xf32>'}}
  amk.task.attention #amk.phase<2, "attention", 0 of 4> #amk.range<0, 1> splits = 2
      scale = 0.25 ring (%q, %kv) to (%p)
      : (memref<2x4x8xf32>, memref<1x2x16x16xbf16>, memref<2x4x10xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  %kv = amk.buffer kv_cache "kv" : memref<1x2x16x16xbf16>
  %p = amk.buffer activation "p" : memref<4x2x10xf32>
  // expected-error @below {{expects one unit, whose cache it has, found 2}}
  amk.task.attention #amk.phase<2, "attention", 0 of 4> #amk.range<0, 2> splits = 2
      scale = 0.25 ring (%q, %kv) to (%p)
      : (memref<2x4x8xf32>, memref<1x2x16x16xbf16>, memref<4x2x10xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %q = amk.buffer activation "q" : memref<2x4x8xf32>
  %kv = amk.buffer kv_cache "kv" : memref<1x2x16x16xbf16>
  %p = amk.buffer activation "p" : memref<4x2x10xf32>
  // expected-error @below {{covers units [4, 5) of 4}}
  amk.task.attention #amk.phase<2, "attention", 0 of 4> #amk.range<4, 5> splits = 2
      scale = 0.25 ring (%q, %kv) to (%p)
      : (memref<2x4x8xf32>, memref<1x2x16x16xbf16>, memref<4x2x10xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %q = amk.buffer activation "q" : memref<1x8xf32>
  %kv = amk.buffer kv_cache "kv" : memref<2x1x32x8xbf16>
  %a = amk.buffer activation "a" : memref<1x8xf32>
  // expected-error @below {{expects a cache of f32 without a ring, found 'memref<2x1x32x8xbf16>'}}
  amk.task.attention #amk.phase<2, "attention", 0 of 1> #amk.range<0, 1> splits = 1
      scale = 0.25 (%q, %kv) to (%a)
      : (memref<1x8xf32>, memref<2x1x32x8xbf16>, memref<1x8xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %kv = amk.buffer kv_cache "kv" : memref<1x2x16x16xbf16>
  // expected-error @below {{expects a loader queue around it}}
  amk.task.load_kv #amk.phase<2, "attention", 0 of 4> (%kv)
      : (memref<1x2x16x16xbf16>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %kv = amk.buffer kv_cache "kv" : memref<1x2x16x16xbf16>
  amk.queue 0 {
    // expected-error @below {{expects a loader queue around it}}
    amk.task.load_kv #amk.phase<2, "attention", 0 of 4> (%kv)
        : (memref<1x2x16x16xbf16>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  // expected-note @below {{see the buffer here}}
  %x = amk.buffer activation "x" : memref<1x2x16x16xf32>
  amk.queue 0 {
  }
  amk.queue 0 loader {
    // expected-error @below {{expects a buffer of kind kv_cache as cache, found activation}}
    amk.task.load_kv #amk.phase<2, "attention", 0 of 4> (%x)
        : (memref<1x2x16x16xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.schedule @s workers = 1 config = #config unsynchronized {
  %kv = amk.buffer kv_cache "kv" : memref<2x1x32x8xf32>
  amk.queue 0 {
  }
  amk.queue 0 loader {
    // expected-error @below {{expects a cache [blocks, 2, 8, padded dim] of 'f32', found 'memref<2x1x32x8xf32>'}}
    amk.task.load_kv #amk.phase<2, "attention", 0 of 4> (%kv)
        : (memref<2x1x32x8xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %p = amk.buffer activation "p" : memref<8x10xf32>
  %a = amk.buffer activation "a" : memref<1x32xf32>
  // expected-error @below {{expects partials [heads, splits, dim + 2], found 'memref<8x10xf32>'}}
  amk.task.combine_splits #amk.phase<3, "combine", 0 of 4> #amk.range<0, 8> (%p) to (%a)
      : (memref<8x10xf32>, memref<1x32xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %p = amk.buffer activation "p" : memref<4x2x10xf32>
  %a = amk.buffer activation "a" : memref<1x40xf32>
  // expected-error @below {{expects 32 elements of out, found 'memref<1x40xf32>'}}
  amk.task.combine_splits #amk.phase<3, "combine", 0 of 4> #amk.range<0, 8> (%p) to (%a)
      : (memref<4x2x10xf32>, memref<1x40xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %p = amk.buffer activation "p" : memref<4x2x10xf32>
  %a = amk.buffer activation "a" : memref<1x32xf32>
  // expected-error @below {{covers units [24, 40) of 32}}
  amk.task.combine_splits #amk.phase<3, "combine", 0 of 4> #amk.range<24, 40> (%p) to (%a)
      : (memref<4x2x10xf32>, memref<1x32xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %p = amk.buffer activation "p" : memref<4x2x10xf32>
  %a = amk.buffer activation "a" : memref<1x32xf32>
  // expected-error @below {{expects elements of one head of 8, found units [4, 12)}}
  amk.task.combine_splits #amk.phase<3, "combine", 0 of 4> #amk.range<4, 12> (%p) to (%a)
      : (memref<4x2x10xf32>, memref<1x32xf32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %best = amk.buffer activation "best" : memref<2x2xi32>
  %token = amk.buffer token "token" : memref<2xi32>
  // expected-error @below {{expects partials [2 * parts + 1], found 'memref<2x2xi32>'}}
  amk.task.next_token #amk.phase<5, "next", 0 of 2> (%best) to (%token)
      : (memref<2x2xi32>, memref<2xi32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %best = amk.buffer activation "best" : memref<4xi32>
  %token = amk.buffer token "token" : memref<2xi32>
  // expected-error @below {{expects partials [2 * parts + 1], found 'memref<4xi32>'}}
  amk.task.next_token #amk.phase<5, "next", 0 of 2> (%best) to (%token)
      : (memref<4xi32>, memref<2xi32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %best = amk.buffer activation "best" : memref<1xi32>
  %token = amk.buffer token "token" : memref<2xi32>
  // expected-error @below {{expects partials [2 * parts + 1], found 'memref<1xi32>'}}
  amk.task.next_token #amk.phase<5, "next", 0 of 2> (%best) to (%token)
      : (memref<1xi32>, memref<2xi32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %best = amk.buffer activation "best" : memref<5xi32>
  %token = amk.buffer token "token" : memref<2xi32>
  // expected-error @below {{expects a token for each of 3 parts, found 'memref<2xi32>'}}
  amk.task.next_token #amk.phase<5, "next", 0 of 3> (%best) to (%token)
      : (memref<5xi32>, memref<2xi32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %wh = amk.buffer weight "wh" source "embed" : memref<16x8xbf16>
  %logits = amk.buffer logits "logits" : memref<1x16xf32>
  %best = amk.buffer activation "best" : memref<4xi32>
  // expected-error @below {{expects partials [2, 2] or [5], found 'memref<4xi32>'}}
  amk.task.head #amk.phase<4, "head", 0 of 2> #amk.range<0, 8> tile 8 (%x) weight(%wh)
      to (%logits, %best)
      : (memref<1x8xf32>, memref<16x8xbf16>, memref<1x16xf32>, memref<4xi32>) -> ()
}

// -----

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>
amk.graph @g config = #config {
  %token = amk.buffer token "token" : memref<2xi32>
  %table = amk.buffer table "embed" source "embed" : memref<16x8xbf16>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  // expected-error @below {{expects one token or one for part 2, found 'memref<2xi32>'}}
  amk.task.embed #amk.phase<0, "embed", 2 of 3> #amk.range<4, 8> (%token, %table) to (%x)
      : (memref<2xi32>, memref<16x8xbf16>, memref<1x8xf32>) -> ()
}
