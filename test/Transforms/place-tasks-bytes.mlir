// Placement by bytes: no gates, and phases stay as they are.

// RUN: amk-opt %s -amk-place-tasks="workers=2 placement=bytes" | FileCheck %s
// RUN: amk-opt %s -amk-place-tasks="workers=4 placement=bytes" | FileCheck %s --check-prefix=FOUR

#config = #amk.config<family = "llama", vocab = 8, hidden = 16, layers = 1,
                      context = 32, eos = [2], bos = 1>

// The larger part of `o` goes to worker 0. The first two parts of `wide` go to
// worker 1, which still has fewer bytes then, but no worker gets more than two.
// The larger part of `down` goes to worker 1, which leaves the other for worker
// 0. Attention goes by its unit, not by its part.

// CHECK-LABEL: amk.schedule @step workers = 2
// CHECK-SAME:    unsynchronized
// CHECK:       amk.queue 0
// CHECK-NEXT:    amk.task.embed <0, "embed", 0 of 2>
// CHECK-NEXT:    amk.task.attention <1, "attention", 1 of 2> <2, 3>
// CHECK-NEXT:    amk.task.linear <2, "o", 1 of 2>
// CHECK-NEXT:    amk.task.linear <3, "wide", 2 of 3>
// CHECK-NEXT:    amk.task.linear <4, "down", 0 of 2>
// CHECK-NEXT:    amk.task.next_token <5, "next", 0 of 2>
// CHECK-NEXT:  }
// CHECK-NEXT:  amk.queue 1
// CHECK-NEXT:    amk.task.embed <0, "embed", 1 of 2>
// CHECK-NEXT:    amk.task.attention <1, "attention", 0 of 2> <1, 2>
// CHECK-NEXT:    amk.task.linear <2, "o", 0 of 2>
// CHECK-NEXT:    amk.task.linear <3, "wide", 0 of 3>
// CHECK-NEXT:    amk.task.linear <3, "wide", 1 of 3>
// CHECK-NEXT:    amk.task.linear <4, "down", 1 of 2>
// CHECK-NEXT:    amk.task.next_token <5, "next", 1 of 2>
// CHECK-NEXT:  }

// FOUR:       amk.queue 0
// FOUR-NEXT:    amk.task.embed
// FOUR-NEXT:    amk.task.linear <2, "o", 1 of 2>
// FOUR-NEXT:    amk.task.next_token
// FOUR-NEXT:  }
// FOUR-NEXT:  amk.queue 1
// FOUR-NEXT:    amk.task.embed
// FOUR-NEXT:    amk.task.attention <1, "attention", 0 of 2>
// FOUR-NEXT:    amk.task.linear <2, "o", 0 of 2>
// FOUR-NEXT:    amk.task.linear <3, "wide", 2 of 3>
// FOUR-NEXT:    amk.task.next_token
// FOUR-NEXT:  }
// FOUR-NEXT:  amk.queue 2
// FOUR-NEXT:    amk.task.attention <1, "attention", 1 of 2>
// FOUR-NEXT:    amk.task.linear <3, "wide", 0 of 3>
// FOUR-NEXT:    amk.task.linear <4, "down", 1 of 2>
// FOUR-NEXT:  }
// FOUR-NEXT:  amk.queue 3
// FOUR-NEXT:    amk.task.linear <3, "wide", 1 of 3>
// FOUR-NEXT:    amk.task.linear <4, "down", 0 of 2>
// FOUR-NEXT:  }

amk.graph @step config = #config {
  %token = amk.buffer token "token" : memref<2xi32>
  %table = amk.buffer table "embed" source "embed" : memref<8x16xbf16>
  %q = amk.buffer activation "q" : memref<1x4x8xf32>
  %kv1 = amk.buffer kv_cache "kv.1" : memref<1x2x16x16xbf16>
  %kv2 = amk.buffer kv_cache "kv.2" : memref<1x2x16x16xbf16>
  %p = amk.buffer activation "p" : memref<2x3x10xf32>
  %wa = amk.buffer weight "o" source "o" : memref<48x16xbf16>
  %wb = amk.buffer weight "wide" source "wide" : memref<24x16xbf16>
  %wc = amk.buffer weight "down" source "down" : memref<32x16xbf16>
  %x = amk.buffer activation "x" : memref<1x16xf32>
  %a = amk.buffer activation "a" : memref<1x48xf32>
  %b = amk.buffer activation "b" : memref<1x24xf32>
  %c = amk.buffer activation "c" : memref<1x32xf32>
  %best = amk.buffer activation "best" : memref<5xi32>
  amk.task.embed #amk.phase<0, "embed", 0 of 2> #amk.range<0, 8> (%token, %table) to (%x)
      : (memref<2xi32>, memref<8x16xbf16>, memref<1x16xf32>) -> ()
  amk.task.embed #amk.phase<0, "embed", 1 of 2> #amk.range<8, 16> (%token, %table) to (%x)
      : (memref<2xi32>, memref<8x16xbf16>, memref<1x16xf32>) -> ()
  amk.task.attention #amk.phase<1, "attention", 0 of 2> #amk.range<1, 2> splits = 3
      scale = 0.5 ring (%q, %kv1) to (%p)
      : (memref<1x4x8xf32>, memref<1x2x16x16xbf16>, memref<2x3x10xf32>) -> ()
  amk.task.attention #amk.phase<1, "attention", 1 of 2> #amk.range<2, 3> splits = 3
      scale = 0.5 ring (%q, %kv2) to (%p)
      : (memref<1x4x8xf32>, memref<1x2x16x16xbf16>, memref<2x3x10xf32>) -> ()
  amk.task.linear #amk.phase<2, "o", 0 of 2> #amk.range<0, 8> tile 8 (%x) weight(%wa)
      to (%a) : (memref<1x16xf32>, memref<48x16xbf16>, memref<1x48xf32>) -> ()
  amk.task.linear #amk.phase<2, "o", 1 of 2> #amk.range<8, 48> tile 8 (%x) weight(%wa)
      to (%a) : (memref<1x16xf32>, memref<48x16xbf16>, memref<1x48xf32>) -> ()
  amk.task.linear #amk.phase<3, "wide", 0 of 3> #amk.range<0, 8> tile 8 (%x) weight(%wb)
      to (%b) : (memref<1x16xf32>, memref<24x16xbf16>, memref<1x24xf32>) -> ()
  amk.task.linear #amk.phase<3, "wide", 1 of 3> #amk.range<8, 16> tile 8 (%x) weight(%wb)
      to (%b) : (memref<1x16xf32>, memref<24x16xbf16>, memref<1x24xf32>) -> ()
  amk.task.linear #amk.phase<3, "wide", 2 of 3> #amk.range<16, 24> tile 8 (%x) weight(%wb)
      to (%b) : (memref<1x16xf32>, memref<24x16xbf16>, memref<1x24xf32>) -> ()
  amk.task.linear #amk.phase<4, "down", 0 of 2> #amk.range<0, 8> tile 8 (%x) weight(%wc)
      to (%c) : (memref<1x16xf32>, memref<32x16xbf16>, memref<1x32xf32>) -> ()
  amk.task.linear #amk.phase<4, "down", 1 of 2> #amk.range<8, 32> tile 8 (%x) weight(%wc)
      to (%c) : (memref<1x16xf32>, memref<32x16xbf16>, memref<1x32xf32>) -> ()
  amk.task.next_token #amk.phase<5, "next", 0 of 2> (%best) to (%token)
      : (memref<5xi32>, memref<2xi32>) -> ()
  amk.task.next_token #amk.phase<5, "next", 1 of 2> (%best) to (%token)
      : (memref<5xi32>, memref<2xi32>) -> ()
}
