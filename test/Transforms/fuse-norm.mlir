// A norm becomes the prologue of what reads it.

// RUN: amk-opt %s -amk-fuse-norm | FileCheck %s
// RUN: amk-opt %s -amk-fuse-norm=max-users=2 \
// RUN:   | FileCheck %s --check-prefixes=CHECK,TWO
// RUN: amk-opt %s -amk-fuse-norm -mlir-print-debuginfo \
// RUN:   -mlir-print-local-scope | FileCheck %s --check-prefix=LOC

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// CHECK-LABEL: amk.model @linear
// CHECK-DAG:     %[[W:.*]] = amk.layer.weight "o"
// CHECK-DAG:     %[[NORM:.*]] = amk.layer.weight "norm"
// CHECK:         %[[X:.*]] = amk.layer.embed
// CHECK-NEXT:    %[[Y:.*]] = amk.fused.linear %[[X]] norm(%[[NORM]],
// CHECK-SAME:      epsilon = 1.000000e-05) weight(%[[W]])
// CHECK-NEXT:    amk.layer.output %{{.*}}, %[[Y]]

// LOC-LABEL: amk.model @linear
// LOC:         amk.fused.linear
// LOC-SAME:      loc("layers.0.o_proj"(fused["layers.0.post_norm",
// LOC-SAME:        "layers.0.o_proj"]))
amk.model @linear config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %n = amk.layer.rms_norm %x, %nw epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xbf16>) -> tensor<1x8xf32>
      loc("layers.0.post_norm")
  %y = amk.layer.linear %n, %w
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
      loc("layers.0.o_proj")
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// A linear with a residual keeps it.

// CHECK-LABEL: amk.model @with_residual
// CHECK:         %[[X:.*]] = amk.layer.embed
// CHECK-NEXT:    amk.fused.linear %[[X]] norm(%{{.*}}) weight
// CHECK-SAME:      residual(%[[X]])
amk.model @with_residual config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %n = amk.layer.rms_norm %x, %nw epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xbf16>) -> tensor<1x8xf32>
  %y = amk.fused.linear %n weight(%w) residual(%x)
      : (tensor<1x8xf32>, tensor<8x8xbf16>, tensor<1x8xf32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// CHECK-LABEL: amk.model @head
// CHECK:         %[[X:.*]] = amk.layer.embed
// CHECK-NEXT:    amk.fused.head %[[X]] norm(%{{.*}}, epsilon = 1.000000e-05)
amk.model @head config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %nw = amk.layer.weight "norm" : tensor<8xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %n = amk.layer.rms_norm %x, %nw epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xbf16>) -> tensor<1x8xf32>
  %t, %l = amk.fused.head %n weight(%e)
      : (tensor<1x8xf32>, tensor<32x8xf32>) -> (tensor<1xi32>, tensor<1x32xf32>)
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x32xf32>
}

// CHECK-LABEL: amk.model @gated_linear
// CHECK:         %[[X:.*]] = amk.layer.embed
// CHECK-NEXT:    amk.fused.gated_linear silu %[[X]] norm(%{{.*}})

// LOC-LABEL: amk.model @gated_linear
// LOC:         amk.fused.gated_linear
// LOC-SAME:      loc("layers.0.gate_up"(fused["layers.0.post_norm",
// LOC-SAME:        "layers.0.gate_up"]))
amk.model @gated_linear config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %n = amk.layer.rms_norm %x, %nw epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xbf16>) -> tensor<1x8xf32>
      loc("layers.0.post_norm")
  %g = amk.fused.gated_linear silu %n weights(%w, %w)
      : (tensor<1x8xf32>, tensor<8x8xbf16>, tensor<8x8xbf16>) -> tensor<1x8xf32>
      loc("layers.0.gate_up")
  amk.layer.output %token, %g : tensor<1xi32>, tensor<1x8xf32>
}

// CHECK-LABEL: amk.model @qkv
// CHECK:         %[[X:.*]] = amk.layer.embed
// CHECK:         amk.fused.qkv %[[X]] norm(%{{.*}}) weights
// CHECK-NOT:     amk.layer.rms_norm
amk.model @qkv config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %n = amk.layer.rms_norm %x, %nw epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xbf16>) -> tensor<1x8xf32>
  %table = amk.layer.rotary_table inv_freq = [1.0, 0.1, 0.01, 0.001]
      scale = 1.0 : tensor<16x2x4xf32>
  %cache = amk.layer.kv_cache 0
      : !amk.kv<heads = 1, positions = 16, dim = 8, element = f32>
  %q, %new = amk.fused.qkv %n weights(%w, %w, %w) rotary(%table)
      append(%cache at %position)
      : (tensor<1x8xf32>, tensor<8x8xbf16>, tensor<8x8xbf16>,
         tensor<8x8xbf16>, tensor<16x2x4xf32>,
         !amk.kv<heads = 1, positions = 16, dim = 8, element = f32>,
         tensor<1xi32>)
      -> (tensor<1x8xf32>,
          !amk.kv<heads = 1, positions = 16, dim = 8, element = f32>)
  %y = amk.layer.attention %q, %new at %position scale = 0.5
      : (tensor<1x8xf32>,
         !amk.kv<heads = 1, positions = 16, dim = 8, element = f32>,
         tensor<1xi32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// Two linears would compute the norm twice: only if that is allowed.

// CHECK-LABEL: amk.model @two_users
// CHECK:         %[[X:.*]] = amk.layer.embed
// TWO-NOT:       amk.layer.rms_norm
// TWO:           amk.fused.linear %[[X]] norm
// TWO-NEXT:      amk.fused.linear %[[X]] norm
// CHECK:         amk.layer.add

// LOC-LABEL: amk.model @two_users
// LOC-NOT:     amk.fused
// LOC:         amk.layer.rms_norm
// LOC-NOT:     amk.fused
// LOC:         amk.layer.output
amk.model @two_users config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %n = amk.layer.rms_norm %x, %nw epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xbf16>) -> tensor<1x8xf32>
  %o = amk.layer.linear %n, %w
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %p = amk.layer.linear %n, %w
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %y = amk.layer.add %o, %p : tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// More users than max-users in either run.

// CHECK-LABEL: amk.model @three_users
// CHECK:         amk.layer.rms_norm
// CHECK:         amk.layer.output
amk.model @three_users config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %n = amk.layer.rms_norm %x, %nw epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xbf16>) -> tensor<1x8xf32>
  %o = amk.layer.linear %n, %w
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %p = amk.layer.linear %n, %w
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %r = amk.layer.linear %n, %w
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %s = amk.layer.add %o, %p : tensor<1x8xf32>
  %y = amk.layer.add %s, %r : tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// An addition cannot normalise its input.

// CHECK-LABEL: amk.model @other_user
// CHECK:         amk.layer.rms_norm
// CHECK:         amk.layer.output
amk.model @other_user config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %n = amk.layer.rms_norm %x, %nw epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xbf16>) -> tensor<1x8xf32>
  %y = amk.layer.add %n, %x : tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The linear could, the addition cannot: the norm stays.

// CHECK-LABEL: amk.model @one_of_two_users
// CHECK:         amk.layer.rms_norm
// CHECK:         amk.layer.output
amk.model @one_of_two_users config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %n = amk.layer.rms_norm %x, %nw epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xbf16>) -> tensor<1x8xf32>
  %o = amk.layer.linear %n, %w
      : (tensor<1x8xf32>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  %y = amk.layer.add %n, %o : tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The linear has a norm already.

// CHECK-LABEL: amk.model @has_norm
// CHECK:         amk.layer.rms_norm
// CHECK:         amk.layer.output
amk.model @has_norm config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %n = amk.layer.rms_norm %x, %nw epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xbf16>) -> tensor<1x8xf32>
  %y = amk.fused.linear %n norm(%nw, epsilon = 1.0e-5) weight(%w)
      : (tensor<1x8xf32>, tensor<8xbf16>, tensor<8x8xbf16>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The norm is also the residual.

// CHECK-LABEL: amk.model @as_residual
// CHECK:         amk.layer.rms_norm
// CHECK:         amk.layer.output
amk.model @as_residual config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %n = amk.layer.rms_norm %x, %nw epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xbf16>) -> tensor<1x8xf32>
  %y = amk.fused.linear %n weight(%w) residual(%n)
      : (tensor<1x8xf32>, tensor<8x8xbf16>, tensor<1x8xf32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The norm is the residual only.

// CHECK-LABEL: amk.model @only_residual
// CHECK:         amk.layer.rms_norm
// CHECK:         amk.layer.output
amk.model @only_residual config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %n = amk.layer.rms_norm %x, %nw epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xbf16>) -> tensor<1x8xf32>
  %y = amk.fused.linear %x weight(%w) residual(%n)
      : (tensor<1x8xf32>, tensor<8x8xbf16>, tensor<1x8xf32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}

// The norm is the matrix of the linear, not its input.

// CHECK-LABEL: amk.model @as_weight
// CHECK:         amk.layer.rms_norm
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @as_weight config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %w = amk.layer.weight "o" : tensor<8x8xbf16>
  %nw = amk.layer.weight "norm" : tensor<8xbf16>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %n = amk.layer.rms_norm %x, %nw epsilon = 1.0e-5
      : (tensor<1x8xf32>, tensor<8xbf16>) -> tensor<1x8xf32>
  %d = amk.layer.linear %x, %n
      : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x1xf32>
  %we = amk.layer.weight "expand" : tensor<8x1xf32>
  %y = amk.layer.linear %d, %we
      : (tensor<1x1xf32>, tensor<8x1xf32>) -> tensor<1x8xf32>
  amk.layer.output %token, %y : tensor<1xi32>, tensor<1x8xf32>
}
