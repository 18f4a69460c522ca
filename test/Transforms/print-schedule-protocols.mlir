// Loaders, protocols, rings and modes in the forms for tools.

// RUN: amk-opt %s -amk-print-schedule -o /dev/null | FileCheck %s --check-prefix=TEXT
// RUN: amk-opt %s -amk-print-schedule="format=json output=%t.json" -o /dev/null
// RUN: FileCheck %s --check-prefix=JSON --input-file=%t.json
// RUN: %{python} -m json.tool %t.json /dev/null

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

// TEXT:      schedule @step: 1 workers, 3 counters
// TEXT:      worker 0
// TEXT-NEXT:   task
// TEXT-NEXT:   use[0]   opaque  full >= 1   words += 1, used += 1  -
// TEXT:      worker 0 loader
// TEXT-NEXT:   task
// TEXT-NEXT:   load[0]  opaque  used >= 0  full += 1  -

// JSON:      "name": "ring",
// JSON-NEXT: "kind": "ring",
// JSON-NEXT: "bytes": 64,
// JSON-NEXT: "worker": 0,
// JSON-NEXT: "capacity": 128
// JSON:      "name": "full",
// JSON-NEXT: "protocol": "parity",
// JSON-NEXT: "barriers": 2
// JSON:      "name": "words",
// JSON-NEXT: "protocol": "tag",
// JSON-NEXT: "tag_base": 7
// JSON:      "mode": "write_tagged",
// JSON-NEXT: "counter": "words",
// JSON-NEXT: "offset": 0,
// JSON:      "name": "worker 0 loader",
// JSON-NEXT: "worker": 0,
amk.schedule @step workers = 1 config = #config
    tags = <stride = 1, bits = 32> {
  %ring = amk.buffer ring "ring" worker 0 capacity 128 : memref<64xi8>
  %x = amk.buffer activation "x" : memref<4xi64>
  %full = amk.counter "full" parity 2
  %words = amk.counter "words" tag base 7
  %used = amk.counter "used"
  amk.queue 0 {
    amk.wait %full >= 1
    amk.task.opaque #amk.phase<1, "use", 0 of 1> (%ring, %x) counters (%words)
        accesses [read %ring[0 to 64], write_tagged %x[0 to 32] of %words]
        : (memref<64xi8>, memref<4xi64>, !amk.counter) -> ()
    amk.signal %words += 1
    amk.signal %used += 1
  }
  amk.queue 0 loader {
    amk.wait %used >= 0
    amk.task.opaque #amk.phase<0, "load", 0 of 1> (%ring)
        accesses [write %ring[0 to 64]] : (memref<64xi8>) -> ()
    amk.signal %full += 1
  }
}
