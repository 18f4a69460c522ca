// RUN: amk-opt %s -split-input-file -verify-diagnostics -amk-pack-weights

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// expected-error @below {{expects amk.stage_bytes to be an i64, a power of two from 512 to 16384, found 12288 : i64}}
amk.schedule @stage workers = 1 config = #config unsynchronized
    attributes {amk.stage_bytes = 12288 : i64} {
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// expected-error @below {{a power of two from 512 to 16384, found 16384 : i32}}
amk.schedule @type workers = 1 config = #config unsynchronized
    attributes {amk.stage_bytes = 16384 : i32} {
  amk.queue 0 {
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @tile workers = 1 config = #config unsynchronized
    attributes {amk.stage_bytes = 16384 : i64} {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x40xf32>
  %w = amk.buffer weight "w" source "w" : memref<40x8xbf16>
  amk.queue 0 {
    // expected-error @below {{has tiles of 16 rows of 'bf16', expected 8 or 4 on a GPU}}
    amk.task.linear #amk.phase<1, "a", 0 of 1> #amk.range<0, 40> tile 16 (%x)
        weight(%w) to (%y)
        : (memref<1x8xf32>, memref<40x8xbf16>, memref<1x40xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @float_tile workers = 1 config = #config unsynchronized
    attributes {amk.stage_bytes = 16384 : i64} {
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %y = amk.buffer activation "y" : memref<1x40xf32>
  %w = amk.buffer weight "w" source "w" : memref<40x8xf32>
  amk.queue 0 {
    // expected-error @below {{has tiles of 4 rows of 'f32', expected 8 on a GPU}}
    amk.task.linear #amk.phase<1, "a", 0 of 1> #amk.range<0, 40> tile 4 (%x)
        weight(%w) to (%y)
        : (memref<1x8xf32>, memref<40x8xf32>, memref<1x40xf32>) -> ()
  }
}

// -----

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @tiles workers = 1 config = #config unsynchronized
    attributes {amk.stage_bytes = 16384 : i64} {
  %x = amk.buffer activation "x" : memref<1x8192xf32>
  %y = amk.buffer activation "y" : memref<1x129xf32>
  %w = amk.buffer weight "w" source "w" : memref<129x8192xbf16>
  amk.queue 0 {
    // 16 tiles are not too many.
    amk.task.linear #amk.phase<1, "a", 0 of 1> #amk.range<0, 128> tile 8 (%x)
        weight(%w) to (%y)
        : (memref<1x8192xf32>, memref<129x8192xbf16>, memref<1x129xf32>) -> ()
    // expected-error @below {{has 17 tiles of weights with 2 panels of columns, expected at most 16 on a GPU}}
    amk.task.linear #amk.phase<2, "b", 0 of 1> #amk.range<0, 129> tile 8 (%x)
        weight(%w) to (%y)
        : (memref<1x8192xf32>, memref<129x8192xbf16>, memref<1x129xf32>) -> ()
  }
}
