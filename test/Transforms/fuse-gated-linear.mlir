// Gate and up projections of one input and their activation are one op.

// RUN: amk-opt %s -amk-fuse-gated-linear | FileCheck %s
// RUN: amk-opt %s -amk-fuse-gated-linear -mlir-print-debuginfo \
// RUN:   -mlir-print-local-scope | FileCheck %s --check-prefix=LOC

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// CHECK-LABEL: amk.model @fuses
// CHECK-DAG:     %[[WG:.*]] = amk.layer.weight "gate"
// CHECK-DAG:     %[[WU:.*]] = amk.layer.weight "up"
// CHECK:         %[[X:.*]] = amk.layer.embed
// CHECK-NEXT:    %[[A:.*]] = amk.fused.gated_linear silu %[[X]]
// CHECK-SAME:      weights(%[[WG]], %[[WU]])
// CHECK-NEXT:    amk.layer.linear %[[A]]

// LOC-LABEL: amk.model @fuses
// LOC:         amk.fused.gated_linear
// LOC-SAME:      loc("layers.0.gate_up"(fused["layers.0.gate_proj",
// LOC-SAME:        "layers.0.up_proj", "layers.0.act"]))
amk.model @fuses config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wg = amk.layer.weight "gate" : tensor<12x8xbf16>
  %wu = amk.layer.weight "up" : tensor<12x8xbf16>
  %wd = amk.layer.weight "down" : tensor<8x12xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %g = amk.layer.linear %x, %wg
      : (tensor<1x8xf32>, tensor<12x8xbf16>) -> tensor<1x12xf32>
      loc("layers.0.gate_proj")
  %u = amk.layer.linear %x, %wu
      : (tensor<1x8xf32>, tensor<12x8xbf16>) -> tensor<1x12xf32>
      loc("layers.0.up_proj")
  %a = amk.layer.gated_activation silu %g, %u
      : (tensor<1x12xf32>, tensor<1x12xf32>) -> tensor<1x12xf32>
      loc("layers.0.act")
  %y = amk.layer.linear %a, %wd
      : (tensor<1x12xf32>, tensor<8x12xbf16>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The gate is not the result of a linear alone.

// CHECK-LABEL: amk.model @gate_not_linear
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.gated_activation
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @gate_not_linear config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wg = amk.layer.weight "gate" : tensor<12x8xbf16>
  %wu = amk.layer.weight "up" : tensor<12x8xbf16>
  %wd = amk.layer.weight "down" : tensor<8x12xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %g = amk.layer.linear %x, %wg
      : (tensor<1x8xf32>, tensor<12x8xbf16>) -> tensor<1x12xf32>
  %u = amk.layer.linear %x, %wu
      : (tensor<1x8xf32>, tensor<12x8xbf16>) -> tensor<1x12xf32>
  %s = amk.layer.add %g, %g : tensor<1x12xf32>
  %a = amk.layer.gated_activation silu %s, %u
      : (tensor<1x12xf32>, tensor<1x12xf32>) -> tensor<1x12xf32>
  %y = amk.layer.linear %a, %wd
      : (tensor<1x12xf32>, tensor<8x12xbf16>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// Up is not the result of a linear alone.

// CHECK-LABEL: amk.model @up_not_linear
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.gated_activation
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @up_not_linear config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wg = amk.layer.weight "gate" : tensor<12x8xbf16>
  %wu = amk.layer.weight "up" : tensor<12x8xbf16>
  %wd = amk.layer.weight "down" : tensor<8x12xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %g = amk.layer.linear %x, %wg
      : (tensor<1x8xf32>, tensor<12x8xbf16>) -> tensor<1x12xf32>
  %u = amk.layer.linear %x, %wu
      : (tensor<1x8xf32>, tensor<12x8xbf16>) -> tensor<1x12xf32>
  %s = amk.layer.add %u, %u : tensor<1x12xf32>
  %a = amk.layer.gated_activation silu %g, %s
      : (tensor<1x12xf32>, tensor<1x12xf32>) -> tensor<1x12xf32>
  %y = amk.layer.linear %a, %wd
      : (tensor<1x12xf32>, tensor<8x12xbf16>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// Gate and up read different inputs.

// CHECK-LABEL: amk.model @other_input
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.gated_activation
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @other_input config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wg = amk.layer.weight "gate" : tensor<12x8xbf16>
  %wu = amk.layer.weight "up" : tensor<12x8xbf16>
  %wd = amk.layer.weight "down" : tensor<8x12xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %x2 = amk.layer.add %x, %x : tensor<1x8xf32>
  %g = amk.layer.linear %x, %wg
      : (tensor<1x8xf32>, tensor<12x8xbf16>) -> tensor<1x12xf32>
  %u = amk.layer.linear %x2, %wu
      : (tensor<1x8xf32>, tensor<12x8xbf16>) -> tensor<1x12xf32>
  %a = amk.layer.gated_activation silu %g, %u
      : (tensor<1x12xf32>, tensor<1x12xf32>) -> tensor<1x12xf32>
  %y = amk.layer.linear %a, %wd
      : (tensor<1x12xf32>, tensor<8x12xbf16>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The weights cannot share a stream: their types differ.

// CHECK-LABEL: amk.model @element_types
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.gated_activation
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @element_types config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wg = amk.layer.weight "gate" : tensor<12x8xbf16>
  %wu = amk.layer.weight "up" : tensor<12x8xf16>
  %wd = amk.layer.weight "down" : tensor<8x12xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %g = amk.layer.linear %x, %wg
      : (tensor<1x8xf32>, tensor<12x8xbf16>) -> tensor<1x12xf32>
  %u = amk.layer.linear %x, %wu
      : (tensor<1x8xf32>, tensor<12x8xf16>) -> tensor<1x12xf32>
  %a = amk.layer.gated_activation silu %g, %u
      : (tensor<1x12xf32>, tensor<1x12xf32>) -> tensor<1x12xf32>
  %y = amk.layer.linear %a, %wd
      : (tensor<1x12xf32>, tensor<8x12xbf16>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The gate has another use.

// CHECK-LABEL: amk.model @gate_used_twice
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.gated_activation
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @gate_used_twice config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wg = amk.layer.weight "gate" : tensor<12x8xbf16>
  %wu = amk.layer.weight "up" : tensor<12x8xbf16>
  %wd = amk.layer.weight "down" : tensor<8x12xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %g = amk.layer.linear %x, %wg
      : (tensor<1x8xf32>, tensor<12x8xbf16>) -> tensor<1x12xf32>
  %u = amk.layer.linear %x, %wu
      : (tensor<1x8xf32>, tensor<12x8xbf16>) -> tensor<1x12xf32>
  %a = amk.layer.gated_activation silu %g, %u
      : (tensor<1x12xf32>, tensor<1x12xf32>) -> tensor<1x12xf32>
  %z = amk.layer.add %a, %g : tensor<1x12xf32>
  %y = amk.layer.linear %z, %wd
      : (tensor<1x12xf32>, tensor<8x12xbf16>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// Up has another use.

// CHECK-LABEL: amk.model @up_used_twice
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.gated_activation
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @up_used_twice config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wg = amk.layer.weight "gate" : tensor<12x8xbf16>
  %wu = amk.layer.weight "up" : tensor<12x8xbf16>
  %wd = amk.layer.weight "down" : tensor<8x12xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %g = amk.layer.linear %x, %wg
      : (tensor<1x8xf32>, tensor<12x8xbf16>) -> tensor<1x12xf32>
  %u = amk.layer.linear %x, %wu
      : (tensor<1x8xf32>, tensor<12x8xbf16>) -> tensor<1x12xf32>
  %a = amk.layer.gated_activation silu %g, %u
      : (tensor<1x12xf32>, tensor<1x12xf32>) -> tensor<1x12xf32>
  %z = amk.layer.add %a, %u : tensor<1x12xf32>
  %y = amk.layer.linear %z, %wd
      : (tensor<1x12xf32>, tensor<8x12xbf16>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// One projection is gate and up.

// CHECK-LABEL: amk.model @gate_is_up
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.gated_activation
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @gate_is_up config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %wg = amk.layer.weight "gate" : tensor<12x8xbf16>
  %wu = amk.layer.weight "up" : tensor<12x8xbf16>
  %wd = amk.layer.weight "down" : tensor<8x12xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %g = amk.layer.linear %x, %wg
      : (tensor<1x8xf32>, tensor<12x8xbf16>) -> tensor<1x12xf32>
  %u = amk.layer.linear %x, %wu
      : (tensor<1x8xf32>, tensor<12x8xbf16>) -> tensor<1x12xf32>
  %a = amk.layer.gated_activation silu %g, %g
      : (tensor<1x12xf32>, tensor<1x12xf32>) -> tensor<1x12xf32>
  %y = amk.layer.linear %a, %wd
      : (tensor<1x12xf32>, tensor<8x12xbf16>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}
