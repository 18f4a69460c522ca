// With inject-delays, whoever runs the code can hold a worker up before and
// after every wait and every signal: KernelArgs::noise is called there with the
// point (0 to 3) as its last argument, unless it is null. Without the option
// nothing of this is in the code.

// RUN: amk-opt %s -convert-amk-kernel-to-llvm=inject-delays=true \
// RUN:   -canonicalize | FileCheck %s
// RUN: amk-opt %s -convert-amk-kernel-to-llvm -canonicalize \
// RUN:   | FileCheck %s --check-prefix=QUIET

// CHECK-LABEL: llvm.func @amk_worker_main
// CHECK-SAME:    (%[[ARGS:.*]]: !llvm.ptr, %[[WORKER:.*]]: i32)
// CHECK-DAG:     %[[BEFORE_WAIT:.*]] = arith.constant 0 : i32
// CHECK-DAG:     %[[AFTER_WAIT:.*]] = arith.constant 1 : i32
// CHECK-DAG:     %[[BEFORE_SIGNAL:.*]] = arith.constant 2 : i32
// CHECK-DAG:     %[[AFTER_SIGNAL:.*]] = arith.constant 3 : i32
// CHECK:         llvm.icmp "ne"
// CHECK:         llvm.call %{{.*}}(%[[ARGS]], %[[WORKER]], %{{.*}}, %[[BEFORE_WAIT]])
// CHECK:         llvm.load %{{.*}} atomic acquire
// CHECK:         llvm.call %{{.*}}(%[[ARGS]], %[[WORKER]], %{{.*}}, %[[AFTER_WAIT]])
// CHECK:         llvm.call %{{.*}}(%[[ARGS]], %[[WORKER]], %{{.*}}, %[[BEFORE_SIGNAL]])
// CHECK:         llvm.atomicrmw add {{.*}} release
// CHECK:         llvm.icmp "ne"
// CHECK:         llvm.call %{{.*}}(%[[ARGS]], %[[WORKER]], %{{.*}}, %[[AFTER_SIGNAL]])

// QUIET-LABEL: llvm.func @amk_worker_main
// QUIET-NOT:     llvm.icmp "ne"
// QUIET:         llvm.atomicrmw add
// QUIET-NOT:     llvm.icmp "ne"

amk.kernel.program @empty scratch_bytes = 0 {
  amk.kernel.body @body() {
    amk.kernel.return
  }
}
