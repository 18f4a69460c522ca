// Persistent kernels that an architecture cannot run, and operations that have
// no place in one.

// RUN: amk-opt %s -split-input-file -verify-diagnostics \
// RUN:   -convert-amk-kernel-to-nvvm

// expected-error @below {{expects one of sm_80, sm_86, sm_89, sm_90, sm_90a, sm_100, sm_100a, sm_120, sm_120a as arch, found}}
amk.kernel.program @unknown scratch_bytes = 29184
    gpu <arch = "sm_75", stage = 16384, stages = 8, in_flight = 2, groups = 2,
         trace = false> {
}

// -----

// expected-error @below {{takes 163328 bytes of shared memory a block, but sm_86 has 101376}}
amk.kernel.program @large scratch_bytes = 29184
    gpu <arch = "sm_86", stage = 16384, stages = 8, in_flight = 2, groups = 2,
         trace = false> {
}

// -----

// The sums of the warps lie between the two parts.
amk.kernel.program @scratch scratch_bytes = 29184
    gpu <arch = "sm_80", stage = 16384, stages = 8, in_flight = 2, groups = 2,
         trace = false> {
  amk.kernel.body @body() {
    // expected-error @below {{expects bytes of [0, 16384) or [25088, 29184), found [16384, 16512)}}
    %s = amk.kernel.scratch 16384 : memref<32xf32, #amk.space<scratch>>
    amk.kernel.return
  }
}

// -----

amk.kernel.program @arguments scratch_bytes = 29184
    gpu <arch = "sm_80", stage = 16384, stages = 8, in_flight = 2, groups = 2,
         trace = false> {
  // expected-error @below {{has more than 16 arguments}}
  amk.kernel.body @body(%0: index, %1: index, %2: index, %3: index, %4: index,
                        %5: index, %6: index, %7: index, %8: index, %9: index,
                        %a: index, %b: index, %c: index, %d: index, %e: index,
                        %f: index, %g: index) {
    amk.kernel.return
  }
}

// -----

// LLVM would make it an addition without an order.
amk.kernel.program @order scratch_bytes = 29184
    gpu <arch = "sm_80", stage = 16384, stages = 8, in_flight = 2, groups = 2,
         trace = false> {
  amk.kernel.body @body() {
    %p = llvm.mlir.zero : !llvm.ptr<1>
    %c = arith.constant 1 : i32
    // expected-error @below {{loses its ordering on a GPU; expected red or atom as inline PTX}}
    %o = llvm.atomicrmw add %p, %c syncscope("device") release
        : !llvm.ptr<1>, i32
    amk.kernel.return
  }
}

// -----

amk.kernel.program @try_wait scratch_bytes = 29184
    gpu <arch = "sm_86", stage = 8192, stages = 8, in_flight = 2, groups = 2,
         trace = false> {
  amk.kernel.body @body() {
    %bar = llvm.mlir.zero : !llvm.ptr<3>
    %c = arith.constant 0 : i32
    // expected-error @below {{is not for sm_86, expected cp.async and mbarrier.test.wait}}
    %done = nvvm.mbarrier.try_wait %bar, %c : !llvm.ptr<3>, i32 -> i1
    amk.kernel.return
  }
}

// -----

// Its loop has no bound.
amk.kernel.program @loop scratch_bytes = 29184
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @body() {
    %bar = llvm.mlir.zero : !llvm.ptr<3>
    %c = arith.constant 0 : i32
    // expected-error @below {{is not for sm_90a, expected single attempts at a wait}}
    nvvm.mbarrier.try_wait.parity %bar, %c, %c : !llvm.ptr<3>, i32, i32
    amk.kernel.return
  }
}

// -----

amk.kernel.program @fence scratch_bytes = 29184
    gpu <arch = "sm_89", stage = 8192, stages = 8, in_flight = 2, groups = 2,
         trace = false> {
  amk.kernel.body @body() {
    // expected-error @below {{is not for sm_89, expected cp.async and mbarrier.test.wait}}
    nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.global>}
    amk.kernel.return
  }
}

// -----

// The loader counts the blocks of all attention alike.
!query = memref<1x4x64xi64, #amk.space<words>>
!parts = memref<2x3x66xi64, #amk.space<words>>
!half = memref<?xbf16, #amk.space<kv_cache>>
!float = memref<?xf32, #amk.space<kv_cache>>
amk.kernel.program @blocks scratch_bytes = 29184
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @half(%q: !query, %kv: !half, %p: !parts, %h: index,
                        %s: index) {
    %in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %pos = amk.kernel.position
    amk.kernel.ring_attention %q tag %in, %kv to %p tag %tag unit(%h, %s)
        at %pos heads = 2 dim = 64 splits = 3 scale = 0.125
        : !query, index, !half, !parts, index, index, index, index
    amk.kernel.return
  }
  amk.kernel.body @float(%q: !query, %kv: !float, %p: !parts, %h: index,
                         %s: index) {
    %in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %pos = amk.kernel.position
    // expected-error @below {{has a cache of blocks of 8 positions, where others of the program have 16}}
    amk.kernel.ring_attention %q tag %in, %kv to %p tag %tag unit(%h, %s)
        at %pos heads = 2 dim = 64 splits = 3 scale = 0.125
        : !query, index, !float, !parts, index, index, index, index
    amk.kernel.return
  }
}

// -----

!query = memref<1x11x64xi64, #amk.space<words>>
!parts = memref<9x3x66xi64, #amk.space<words>>
!cache = memref<?xbf16, #amk.space<kv_cache>>
amk.kernel.program @heads scratch_bytes = 29184
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @body(%q: !query, %kv: !cache, %p: !parts, %h: index,
                        %s: index) {
    %in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %pos = amk.kernel.position
    // expected-error @below {{failed to legalize operation 'amk.kernel.ring_attention'}}
    // expected-error @below {{expects up to 8 heads of an even number of up to 256 elements, found 9 of 64}}
    amk.kernel.ring_attention %q tag %in, %kv to %p tag %tag unit(%h, %s)
        at %pos heads = 9 dim = 64 splits = 3 scale = 0.125
        : !query, index, !cache, !parts, index, index, index, index
    amk.kernel.return
  }
}

// -----

!query = memref<1x3x256xi64, #amk.space<words>>
!parts = memref<1x3x258xi64, #amk.space<words>>
!cache = memref<?xbf16, #amk.space<kv_cache>>
amk.kernel.program @stage scratch_bytes = 29184
    gpu <arch = "sm_90a", stage = 8192, stages = 16, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @body(%q: !query, %kv: !cache, %p: !parts, %h: index,
                        %s: index) {
    %in = amk.kernel.input_tag 0
    %tag = amk.kernel.output_tag
    %pos = amk.kernel.position
    // expected-error @below {{failed to legalize operation 'amk.kernel.ring_attention'}}
    // expected-error @below {{expects stages of at least 16384 bytes for heads of 256 elements, found 8192}}
    amk.kernel.ring_attention %q tag %in, %kv to %p tag %tag unit(%h, %s)
        at %pos heads = 1 dim = 256 splits = 3 scale = 0.125
        : !query, index, !cache, !parts, index, index, index, index
    amk.kernel.return
  }
}

// -----

!parts = memref<2x1368x10xi64, #amk.space<words>>
!out = memref<16xf32, #amk.space<arena>>
amk.kernel.program @splits scratch_bytes = 29184
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @body(%p: !parts, %out: !out, %b: index, %n: index) {
    %in = amk.kernel.input_tag 0
    %pos = amk.kernel.position
    // expected-error @below {{failed to legalize operation 'amk.kernel.combine_splits'}}
    // expected-error @below {{expects up to 1364 splits, found 1368}}
    amk.kernel.combine_splits %p tag %in to %out[%b, %n] at %pos
        : !parts, index, !out, index, index, index
    amk.kernel.return
  }
}

// -----

!parts = memref<2x16x10xi64, #amk.space<words>>
!out = memref<16xf32, #amk.space<arena>>
amk.kernel.program @alone scratch_bytes = 29184
    gpu <arch = "sm_90a", stage = 16384, stages = 12, in_flight = 3,
         groups = 2, trace = false> {
  amk.kernel.body @body(%p: !parts, %out: !out, %b: index, %n: index) {
    %in = amk.kernel.input_tag 0
    %pos = amk.kernel.position
    // expected-error @below {{failed to legalize operation 'amk.kernel.combine_splits'}}
    // expected-error @below {{expects the attention that it joins in the same program}}
    amk.kernel.combine_splits %p tag %in to %out[%b, %n] at %pos
        : !parts, index, !out, index, index, index
    amk.kernel.return
  }
}
