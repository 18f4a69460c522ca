// RUN: amk-opt %s -amk-print-schedule -o /dev/null | FileCheck %s --check-prefix=TEXT
// RUN: amk-opt %s -amk-print-schedule=format=dot -o /dev/null | FileCheck %s --check-prefix=DOT
// RUN: amk-opt %s -amk-print-schedule="format=json output=%t.json" -o /dev/null
// RUN: FileCheck %s --check-prefix=JSON --input-file=%t.json
// RUN: %{python} -m json.tool %t.json /dev/null

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// TEXT:      schedule @step: 2 workers, 3 counters
// TEXT:      worker 0
// TEXT-NEXT:   task       kind    waits      signals     stream
// TEXT-NEXT:   gate[0]    gate    done >= 0  -           -
// TEXT-NEXT:   embed[0]   embed   -          embed += 1  -
// TEXT-NEXT:   argmax[0]  argmax  sum >= 1   done += 1   -
// TEXT:      worker 1
// TEXT-NEXT:   task     kind  waits       signals   stream
// TEXT-NEXT:   gate[1]  gate  done >= 0   -         -
// TEXT-NEXT:   sum[0]   add   embed >= 1  sum += 1  -

// Bold edges are a queue's order; dashed ones come from the step before.
// DOT:      digraph "step" {
// DOT:        subgraph cluster_0 {
// DOT-NEXT:     label="worker 0";
// DOT-NEXT:     s0_0_0 [label="gate[0]"];
// DOT-NEXT:     s0_0_1 [label="embed[0]"];
// DOT-NEXT:     s0_0_0 -> s0_0_1 [style=bold];
// DOT:        s0_0_2 -> s0_0_0 [label="done", style=dashed];
// DOT-NEXT:   s0_1_1 -> s0_0_2 [label="sum"];
// DOT-NEXT:   s0_0_2 -> s0_1_0 [label="done", style=dashed];
// DOT-NEXT:   s0_0_1 -> s0_1_1 [label="embed"];
// DOT-NEXT: }

// JSON:      "name": "step",
// JSON-NEXT: "synchronized": true,
// JSON:      "counters": [
// JSON-NEXT:   {
// JSON-NEXT:     "name": "done",
// JSON-NEXT:     "protocol": "release"
// JSON-NEXT:   },
// JSON:      "queues": [
// JSON:      "name": "worker 0",
// JSON-NEXT: "worker": 0,
// JSON:      "name": "embed[0]",
// JSON-NEXT: "kind": "embed",
// JSON-NEXT: "phase": 1,
// JSON-NEXT: "part": 0,
// JSON-NEXT: "parts": 1,
// JSON-NEXT: "units": [
// JSON-NEXT:   0,
// JSON-NEXT:   8
// JSON-NEXT: ],
// JSON-NEXT: "waits": [],
// JSON:      "counter": "embed",
// JSON-NEXT: "amount": 1
// JSON:      "buffer": "x",
// JSON-NEXT: "mode": "write",
// JSON-NEXT: "offset": 0,
// JSON-NEXT: "rows": 1,
// JSON-NEXT: "row_bytes": 32,
// JSON-NEXT: "row_stride": 32
// JSON:      "name": "sum[0]",
// JSON:      "counter": "embed",
// JSON-NEXT: "threshold": 1
amk.schedule @step workers = 2 config = #config {
  %token = amk.buffer token "token" : memref<1xi32>
  %control = amk.buffer control "control" : memref<1xi32>
  %table = amk.buffer table "table" source "table" : memref<8x8xf32>
  %x = amk.buffer activation "x" : memref<1x8xf32>
  %z = amk.buffer activation "z" : memref<1x8xf32>
  %done = amk.counter "done"
  %e = amk.counter "embed"
  %s = amk.counter "sum"
  amk.queue 0 {
    amk.wait %done >= 0
    amk.task.gate #amk.phase<0, "gate", 0 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.task.embed #amk.phase<1, "embed", 0 of 1> #amk.range<0, 8>
        (%token, %table) to (%x)
        : (memref<1xi32>, memref<8x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %e += 1
    amk.wait %s >= 1
    amk.task.argmax #amk.phase<3, "argmax", 0 of 1> (%z)
        to (%token, %control)
        : (memref<1x8xf32>, memref<1xi32>, memref<1xi32>) -> ()
    amk.signal %done += 1
  }
  amk.queue 1 {
    amk.wait %done >= 0
    amk.task.gate #amk.phase<0, "gate", 1 of 2> (%control)
        : (memref<1xi32>) -> ()
    amk.wait %e >= 1
    amk.task.add #amk.phase<2, "sum", 0 of 1> #amk.range<0, 8> (%x, %x)
        to (%z) : (memref<1x8xf32>, memref<1x8xf32>, memref<1x8xf32>) -> ()
    amk.signal %s += 1
  }
}
