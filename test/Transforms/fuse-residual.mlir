// A linear adds its residual itself.

// RUN: amk-opt %s -amk-fuse-residual | FileCheck %s
// RUN: amk-opt %s -amk-fuse-residual -mlir-print-debuginfo \
// RUN:   -mlir-print-local-scope | FileCheck %s --check-prefix=LOC

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// CHECK-LABEL: amk.model @fuses
// CHECK:         %[[W:.*]] = amk.layer.weight "o"
// CHECK:         %[[X:.*]] = amk.layer.embed
// CHECK-NEXT:    %[[Y:.*]] = amk.fused.linear %[[X]] weight(%[[W]])
// CHECK-SAME:      residual(%[[X]])
// CHECK-NEXT:    amk.layer.output %{{.*}}, %[[Y]]

// LOC-LABEL: amk.model @fuses
// LOC:         amk.fused.linear
// LOC-SAME:      loc("layers.0.o_proj"(fused["layers.0.o_proj",
// LOC-SAME:        "layers.0.attention_add"]))
amk.model @fuses config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %o = amk.layer.linear %x, %w
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
      loc("layers.0.o_proj")
  %y = amk.layer.add %x, %o : tensor<1x8xf32>
      loc("layers.0.attention_add")
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The linear on the left.

// CHECK-LABEL: amk.model @left
// CHECK:         %[[X:.*]] = amk.layer.embed
// CHECK-NEXT:    amk.fused.linear %[[X]] weight(%{{.*}}) residual(%[[X]])
// CHECK-NOT:     amk.layer.add
amk.model @left config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %o = amk.layer.linear %x, %w
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %y = amk.layer.add %o, %x : tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// Of two linears the right one adds the left one.

// CHECK-LABEL: amk.model @both
// CHECK:         %[[X:.*]] = amk.layer.embed
// CHECK-NEXT:    %[[O:.*]] = amk.layer.linear %[[X]]
// CHECK-NEXT:    amk.fused.linear %[[X]] weight(%{{.*}}) residual(%[[O]])
// CHECK-NOT:     amk.layer.add
amk.model @both config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %o = amk.layer.linear %x, %w
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %p = amk.layer.linear %x, %w
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %y = amk.layer.add %o, %p : tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// A linear with a norm prologue keeps it.

// CHECK-LABEL: amk.model @after_norm
// CHECK:         %[[NORM:.*]] = amk.layer.weight "norm"
// CHECK:         %[[X:.*]] = amk.layer.embed
// CHECK-NEXT:    amk.fused.linear %[[X]] norm(%[[NORM]],
// CHECK-SAME:      epsilon = 1.000000e-05) weight(%{{.*}}) residual(%[[X]])
// CHECK-NOT:     amk.layer.add
amk.model @after_norm config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %o = amk.fused.linear %x norm(%nw, epsilon = 1.0e-5) weight(%w)
      : (tensor<1x8xf32>, tensor<8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %y = amk.layer.add %x, %o : tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// What the right side cannot take, the left side can.

// CHECK-LABEL: amk.model @other_side_fuses
// CHECK:         %[[S:.*]] = amk.layer.add
// CHECK:         amk.fused.linear %{{.*}} residual(%[[S]])
amk.model @other_side_fuses config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %o = amk.layer.linear %x, %w
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %p = amk.layer.linear %x, %w
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %s = amk.layer.add %p, %p : tensor<1x8xf32>
  %y = amk.layer.add %o, %s : tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// Neither side is the result of a linear.

// CHECK-LABEL: amk.model @no_linear
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.add
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @no_linear config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %s = amk.layer.add %x, %x : tensor<1x8xf32>
  %y = amk.layer.add %x, %s : tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The linear has another use.

// CHECK-LABEL: amk.model @used_twice
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.add
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @used_twice config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %o = amk.layer.linear %x, %w
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %s = amk.layer.add %x, %o : tensor<1x8xf32>
  %y = amk.layer.add %s, %o : tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The linear is both sides.

// CHECK-LABEL: amk.model @twice_itself
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.add
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @twice_itself config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %o = amk.layer.linear %x, %w
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %y = amk.layer.add %o, %o : tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The linear already has a residual.

// CHECK-LABEL: amk.model @has_residual
// CHECK:         %[[X:.*]] = amk.layer.embed
// CHECK-NEXT:    %[[O:.*]] = amk.fused.linear %[[X]] weight
// CHECK-SAME:      residual(%[[X]])
// CHECK-NEXT:    amk.layer.add %[[X]], %[[O]]
amk.model @has_residual config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %o = amk.fused.linear %x weight(%w) residual(%x)
      : (tensor<1x8xf32>, tensor<8x8xbf16>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %y = amk.layer.add %x, %o : tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}
