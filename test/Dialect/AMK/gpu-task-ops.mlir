// The tasks that only GPUs have, and what they touch. Elements of buffers with
// `hand_off tag` count 8 bytes.

// RUN: amk-opt %s | amk-opt | FileCheck %s
// RUN: amk-opt %s -emit-bytecode | amk-opt | FileCheck %s
// RUN: amk-opt %s -mlir-print-op-generic | amk-opt | FileCheck %s
// RUN: amk-opt %s -amk-print-schedule="format=json output=%t.json" -o /dev/null
// RUN: FileCheck %s --check-prefix=ACCESS --input-file=%t.json

#config = #amk.config<family = "llama", vocab = 16, hidden = 8, layers = 1,
                      context = 32, eos = [2], bos = 1>

// 2 kv heads of 2 query heads of 8 elements each, 2 splits, 2 workers.
// CHECK-LABEL: amk.schedule @gpu
amk.schedule @gpu workers = 1 config = #config unsynchronized {
  %token = amk.buffer token "token" : memref<2xi32>
  %logits = amk.buffer logits "logits" : memref<1x16xf32>
  %table = amk.buffer table "embed" source "embed" : memref<16x8xbf16>
  %rotary = amk.buffer rotary "rotary" inv_freq = [1.0, 0.1, 0.01, 0.001]
      scale = 1.0 : memref<32x2x4xf32>
  %wq = amk.buffer weight "wq" source "q" : memref<32x8xbf16>
  %wk = amk.buffer weight "wk" source "k" : memref<16x8xbf16>
  %wv = amk.buffer weight "wv" source "v" : memref<16x8xbf16>
  %wh = amk.buffer weight "wh" source "embed" : memref<16x8xbf16>
  %x = amk.buffer activation "x" hand_off tag : memref<1x8xf32>
  %q = amk.buffer activation "q" hand_off tag : memref<2x4x8xf32>
  %kv = amk.buffer kv_cache "kv" : memref<1x2x16x16xbf16>
  %p = amk.buffer activation "p" hand_off tag : memref<4x2x10xf32>
  %a = amk.buffer activation "a" hand_off tag : memref<1x32xf32>
  %best = amk.buffer activation "best" hand_off tag : memref<5xi32>
  amk.queue 0 {
    // CHECK:      amk.task.embed <0, "embed", 1 of 2> <4, 8>
    // CHECK-SAME:   : (memref<2xi32>, memref<16x8xbf16>, memref<1x8xf32>) -> ()
    amk.task.embed #amk.phase<0, "embed", 1 of 2> #amk.range<4, 8>
        (%token, %table) to (%x)
        : (memref<2xi32>, memref<16x8xbf16>, memref<1x8xf32>) -> ()
    // The value head of group 0 and the first query head of group 1.
    // CHECK-NEXT: amk.task.qkv <1, "qkv", 0 of 1> <12, 20> tile 8
    // CHECK-SAME:   to(%{{[^,]*}}) :
    amk.task.qkv #amk.phase<1, "qkv", 0 of 1> #amk.range<12, 20> tile 8 (%x)
        weights(%wq, %wk, %wv) rotary(%rotary) to (%q)
        : (memref<1x8xf32>, memref<32x8xbf16>, memref<16x8xbf16>, memref<16x8xbf16>, memref<32x2x4xf32>, memref<2x4x8xf32>) -> ()
    // CHECK-NEXT: amk.task.attention <2, "attention", 3 of 4> <3, 4>
    // CHECK-SAME:   splits = 2 scale = 2.500000e-01 ring(
    amk.task.attention #amk.phase<2, "attention", 3 of 4> #amk.range<3, 4>
        splits = 2 scale = 0.25 ring (%q, %kv) to (%p)
        : (memref<2x4x8xf32>, memref<1x2x16x16xbf16>, memref<4x2x10xf32>) -> ()
    // CHECK-NEXT: amk.task.combine_splits <3, "combine", 4 of 8> <16, 20>
    amk.task.combine_splits #amk.phase<3, "combine", 4 of 8> #amk.range<16, 20>
        (%p) to (%a) : (memref<4x2x10xf32>, memref<1x32xf32>) -> ()
    // CHECK-NEXT: amk.task.head <4, "head", 0 of 2> <0, 8>
    amk.task.head #amk.phase<4, "head", 0 of 2> #amk.range<0, 8> tile 8 (%x)
        weight(%wh) to (%logits, %best)
        : (memref<1x8xf32>, memref<16x8xbf16>, memref<1x16xf32>, memref<5xi32>) -> ()
    // CHECK-NEXT: amk.task.head <4, "head", 1 of 2> <8, 16>
    amk.task.head #amk.phase<4, "head", 1 of 2> #amk.range<8, 16> tile 8 (%x)
        weight(%wh) to (%logits, %best)
        : (memref<1x8xf32>, memref<16x8xbf16>, memref<1x16xf32>, memref<5xi32>) -> ()
    // CHECK-NEXT: amk.task.next_token <5, "next", 1 of 2>
    amk.task.next_token #amk.phase<5, "next", 1 of 2> (%best) to (%token)
        : (memref<5xi32>, memref<2xi32>) -> ()
  }
  // CHECK:      amk.queue 0 loader
  amk.queue 0 loader {
    // CHECK-NEXT: amk.task.load_kv <2, "attention", 3 of 4>(%{{.*}}) : (memref<1x2x16x16xbf16>) -> ()
    amk.task.load_kv #amk.phase<2, "attention", 3 of 4> (%kv)
        : (memref<1x2x16x16xbf16>) -> ()
  }
}

// What they touch, in bytes of the buffers.
// ACCESS:      "name": "embed[1]",
// ACCESS-NEXT: "kind": "embed",
// ACCESS:      "buffer": "token",
// ACCESS-NEXT: "mode": "read_previous",
// ACCESS-NEXT: "offset": 4,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 4,
// ACCESS-NEXT: "row_stride": 4
// ACCESS:      "buffer": "x",
// ACCESS-NEXT: "mode": "write",
// ACCESS-NEXT: "offset": 32,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 32,
// ACCESS-NEXT: "row_stride": 32
// ACCESS-NOT:  "buffer"
// ACCESS:      "name": "qkv[0]",
// ACCESS-NEXT: "kind": "qkv",
// ACCESS:      "buffer": "x",
// ACCESS-NEXT: "mode": "read",
// ACCESS-NEXT: "offset": 0,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 64,
// ACCESS-NEXT: "row_stride": 64
// ACCESS:      "buffer": "q",
// ACCESS-NEXT: "mode": "write",
// ACCESS-NEXT: "offset": 192,
// ACCESS-NEXT: "rows": 2,
// ACCESS-NEXT: "row_bytes": 32,
// ACCESS-NEXT: "row_stride": 32
// ACCESS:      "buffer": "q",
// ACCESS-NEXT: "mode": "write",
// ACCESS-NEXT: "offset": 256,
// ACCESS-NEXT: "rows": 2,
// ACCESS-NEXT: "row_bytes": 32,
// ACCESS-NEXT: "row_stride": 32
// ACCESS-NOT:  "buffer"
// ACCESS:      "name": "attention[3]",
// ACCESS-NEXT: "kind": "attention",
// ACCESS:      "buffer": "q",
// ACCESS-NEXT: "mode": "read",
// ACCESS-NEXT: "offset": 256,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 256,
// ACCESS-NEXT: "row_stride": 256
// ACCESS:      "buffer": "kv",
// ACCESS-NEXT: "mode": "write",
// ACCESS-NEXT: "offset": 0,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 1024,
// ACCESS-NEXT: "row_stride": 1024
// ACCESS:      "buffer": "p",
// ACCESS-NEXT: "mode": "write",
// ACCESS-NEXT: "offset": 400,
// ACCESS-NEXT: "rows": 2,
// ACCESS-NEXT: "row_bytes": 80,
// ACCESS-NEXT: "row_stride": 160
// ACCESS-NOT:  "buffer"
// ACCESS:      "name": "combine[4]",
// ACCESS-NEXT: "kind": "combine_splits",
// ACCESS:      "buffer": "p",
// ACCESS-NEXT: "mode": "read",
// ACCESS-NEXT: "offset": 320,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 160,
// ACCESS-NEXT: "row_stride": 160
// ACCESS:      "buffer": "a",
// ACCESS-NEXT: "mode": "write",
// ACCESS-NEXT: "offset": 128,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 32,
// ACCESS-NEXT: "row_stride": 32
// ACCESS-NOT:  "buffer"
// ACCESS:      "name": "head[0]",
// ACCESS-NEXT: "kind": "head",
// ACCESS:      "buffer": "x",
// ACCESS-NEXT: "mode": "read",
// ACCESS-NEXT: "offset": 0,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 64,
// ACCESS-NEXT: "row_stride": 64
// ACCESS:      "buffer": "logits",
// ACCESS-NEXT: "mode": "write",
// ACCESS-NEXT: "offset": 0,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 32,
// ACCESS-NEXT: "row_stride": 32
// ACCESS:      "buffer": "best",
// ACCESS-NEXT: "mode": "write",
// ACCESS-NEXT: "offset": 0,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 16,
// ACCESS-NEXT: "row_stride": 16
// ACCESS:      "buffer": "best",
// ACCESS-NEXT: "mode": "write",
// ACCESS-NEXT: "offset": 32,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 8,
// ACCESS-NEXT: "row_stride": 8
// ACCESS-NOT:  "buffer"
// ACCESS:      "name": "head[1]",
// ACCESS-NEXT: "kind": "head",
// ACCESS:      "buffer": "x",
// ACCESS-NEXT: "mode": "read",
// ACCESS-NEXT: "offset": 0,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 64,
// ACCESS-NEXT: "row_stride": 64
// ACCESS:      "buffer": "logits",
// ACCESS-NEXT: "mode": "write",
// ACCESS-NEXT: "offset": 32,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 32,
// ACCESS-NEXT: "row_stride": 32
// ACCESS:      "buffer": "best",
// ACCESS-NEXT: "mode": "write",
// ACCESS-NEXT: "offset": 16,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 16,
// ACCESS-NEXT: "row_stride": 16
// ACCESS-NOT:  "buffer"
// ACCESS:      "name": "next[1]",
// ACCESS-NEXT: "kind": "next_token",
// ACCESS:      "buffer": "best",
// ACCESS-NEXT: "mode": "read",
// ACCESS-NEXT: "offset": 0,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 40,
// ACCESS-NEXT: "row_stride": 40
// ACCESS:      "buffer": "token",
// ACCESS-NEXT: "mode": "write",
// ACCESS-NEXT: "offset": 4,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 4,
// ACCESS-NEXT: "row_stride": 4
// ACCESS-NOT:  "buffer"
// ACCESS:      "name": "attention[3]",
// ACCESS-NEXT: "kind": "load_kv",
// ACCESS:      "buffer": "kv",
// ACCESS-NEXT: "mode": "read_previous",
// ACCESS-NEXT: "offset": 0,
// ACCESS-NEXT: "rows": 1,
// ACCESS-NEXT: "row_bytes": 1024,
// ACCESS-NEXT: "row_stride": 1024
// ACCESS-NOT:  "buffer"
