// Words, and the counters that stand for them: what a task writes belongs to the
// counters that it signals.

// RUN: amk-opt %s | amk-opt | FileCheck %s
// RUN: amk-opt %s -amk-print-schedule=format=json -o /dev/null | FileCheck %s --check-prefix=JSON

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// CHECK-LABEL: amk.schedule @words
// CHECK:         %[[Q:.*]] = amk.buffer activation "q" hand_off tag : memref<2x2x2xf32>
// CHECK:         %[[X:.*]] = amk.buffer activation "x" hand_off tag : memref<2xi32>
// CHECK:         amk.counter "q.0" tag base 1 of %[[Q]]{{ ?}}[0 to 32] : memref<2x2x2xf32>
// CHECK:         amk.counter "q.1" tag base 1 of %[[Q]]{{ ?}}[32 to 64] : memref<2x2x2xf32>
// CHECK:         amk.counter "x" tag base 2 of %[[X]]{{ ?}}[0 to 16] : memref<2xi32>

// Two rows, of which the counters' border cuts the first.
// JSON:       "name": "q[0]"
// JSON:       "accesses": [
// JSON:         "mode": "write_tagged"
// JSON-NEXT:    "counter": "q.0"
// JSON-NEXT:    "offset": 24
// JSON-NEXT:    "rows": 1
// JSON-NEXT:    "row_bytes": 8
// JSON:         "counter": "q.1"
// JSON-NEXT:    "offset": 32
// JSON-NEXT:    "rows": 1
// JSON-NEXT:    "row_bytes": 8
// JSON:         "counter": "q.1"
// JSON-NEXT:    "offset": 48
// JSON-NEXT:    "rows": 1
// JSON-NEXT:    "row_bytes": 16
// A run within one counter's words and rows within the other's.
// JSON:       "name": "q[1]"
// JSON:       "accesses": [
// JSON:         "counter": "q.0"
// JSON-NEXT:    "offset": 0
// JSON-NEXT:    "rows": 3
// JSON-NEXT:    "row_bytes": 4
// JSON-NEXT:    "row_stride": 8
// JSON:         "counter": "q.0"
// JSON-NEXT:    "offset": 4
// JSON-NEXT:    "rows": 3
// JSON:         "counter": "q.1"
// JSON-NEXT:    "offset": 40

amk.schedule @words workers = 2 config = #config tags = <stride = 3, bits = 32> {
  %q = amk.buffer activation "q" hand_off tag : memref<2x2x2xf32>
  %x = amk.buffer activation "x" hand_off tag : memref<2xi32>
  %first = amk.counter "q.0" tag base 1 of %q[0 to 32] : memref<2x2x2xf32>
  %second = amk.counter "q.1" tag base 1 of %q[32 to 64] : memref<2x2x2xf32>
  %done = amk.counter "x" tag base 2 of %x[0 to 16] : memref<2xi32>
  amk.queue 0 {
    amk.task.opaque #amk.phase<0, "q", 0 of 2> (%q)
        accesses [write %q[24 to 40] rows 2 stride 24] : (memref<2x2x2xf32>) -> ()
    amk.signal %first += 1
    amk.signal %second += 1
    amk.wait %first >= 2
    amk.wait %second >= 2
    amk.task.opaque #amk.phase<1, "x", 0 of 2> (%q, %x)
        accesses [read %q[0 to 64], write %x[0 to 8]]
        : (memref<2x2x2xf32>, memref<2xi32>) -> ()
    amk.signal %done += 1
    amk.wait %done >= 2
    amk.task.opaque #amk.phase<2, "end", 0 of 2> (%x)
        accesses [read %x[0 to 16]] : (memref<2xi32>) -> ()
  }
  amk.queue 1 {
    amk.task.opaque #amk.phase<0, "q", 1 of 2> (%q)
        accesses [write %q[0 to 4] rows 3 stride 8, write %q[4 to 8] rows 3 stride 8,
                  write %q[40 to 48]] : (memref<2x2x2xf32>) -> ()
    amk.signal %first += 1
    amk.signal %second += 1
    amk.wait %first >= 2
    amk.wait %second >= 2
    amk.task.opaque #amk.phase<1, "x", 1 of 2> (%q, %x)
        accesses [read %q[0 to 64], write %x[8 to 16]]
        : (memref<2x2x2xf32>, memref<2xi32>) -> ()
    amk.signal %done += 1
    amk.wait %done >= 2
    amk.task.opaque #amk.phase<2, "end", 1 of 2> (%x)
        accesses [read %x[0 to 16]] : (memref<2xi32>) -> ()
  }
}
