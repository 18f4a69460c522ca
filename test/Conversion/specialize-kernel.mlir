// One program for each architecture, with the ring that fits its shared memory.

// RUN: amk-opt %s --pass-pipeline='builtin.module(amk-specialize-kernel{archs=sm_80,sm_90a,sm_90a+trace})' | FileCheck %s
// RUN: amk-opt %s --pass-pipeline='builtin.module(amk-specialize-kernel{archs=sm_90a,sm_86})' | FileCheck %s --check-prefix=SMALL
// RUN: amk-opt %s --pass-pipeline='builtin.module(amk-specialize-kernel{archs=sm_90a stage-bytes=4096 in-flight=1})' | FileCheck %s --check-prefix=KNOBS
// RUN: not amk-opt %s --pass-pipeline='builtin.module(amk-specialize-kernel{archs=sm_90b})' 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not amk-opt %s --pass-pipeline='builtin.module(amk-specialize-kernel)' 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not amk-opt %s --pass-pipeline='builtin.module(amk-specialize-kernel{archs=sm_86 stage-bytes=65536})' 2>&1 | FileCheck %s --check-prefix=ROOM
// RUN: not amk-opt %s --pass-pipeline='builtin.module(amk-specialize-kernel{archs=sm_90a in-flight=13})' 2>&1 | FileCheck %s --check-prefix=PACE

// CHECK:     amk.kernel.program @p_sm_80 {{.*}} gpu <arch = "sm_80", stage = 16384, stages = 8, in_flight = 2, groups = 2, trace = false>
// CHECK:       amk.kernel.body @nothing
// CHECK:     amk.kernel.program @p_sm_90a {{.*}} gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 4, groups = 2, trace = false>
// CHECK:       amk.kernel.body @nothing
// CHECK:     amk.kernel.program @p_sm_90a_trace {{.*}} gpu <arch = "sm_90a", {{.*}}, trace = true>
// CHECK:     amk.kernel.program @done {{.*}} gpu <arch = "sm_100a"
// CHECK-NOT: amk.kernel.program

// The smallest stage is for all, since weights lie in stages.
// SMALL: amk.kernel.program @p_sm_90a {{.*}} gpu <arch = "sm_90a", stage = 8192, stages = 16,
// SMALL: amk.kernel.program @p_sm_86 {{.*}} gpu <arch = "sm_86", stage = 8192, stages = 8,

// KNOBS: stage = 4096, stages = 16, in_flight = 1,

// NAME: error: archs: found 'sm_90b', expected some of sm_80, sm_86
// NONE: error: archs: found none, expected some of sm_80, sm_86
// ROOM: error: 'amk.kernel.program' op has 0 stages of 65536 bytes on sm_86, expected at least 2
// PACE: error: 'amk.kernel.program' op has 12 stages of 16384 bytes on sm_90a, expected at least 13

amk.kernel.program @p scratch_bytes = 0 {
  amk.kernel.body @nothing() {
    amk.kernel.return
  }
}

// Made for one already.
amk.kernel.program @done scratch_bytes = 0 gpu <arch = "sm_100a", stage = 16384, stages = 12, in_flight = 3, groups = 2, trace = false> {
  amk.kernel.body @nothing() {
    amk.kernel.return
  }
}
