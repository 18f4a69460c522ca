// RUN: not amk-opt %s -amk-print-schedule=format=table 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not amk-opt %s -amk-print-schedule=output=%t/no/such/directory 2>&1 | FileCheck %s --check-prefix=OUTPUT
// RUN: echo 'module {}' | not amk-opt -amk-print-schedule 2>&1 | FileCheck %s --check-prefix=EMPTY

// FORMAT: amk-print-schedule: format: found 'table', expected text, dot or json
// OUTPUT: amk-print-schedule: output: {{.*}}no/such/directory
// EMPTY: amk-print-schedule: expected a schedule in the module, found none

#config = #amk.config<family = "llama", vocab = 8, hidden = 8, layers = 0,
                      context = 16, eos = [2], bos = 1>

amk.schedule @step workers = 1 config = #config unsynchronized {
  amk.queue 0 {
  }
}
