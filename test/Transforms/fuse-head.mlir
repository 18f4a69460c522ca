// The last linear and the argmax are one op that gives token and logits.

// RUN: amk-opt %s -amk-fuse-head | FileCheck %s
// RUN: amk-opt %s -amk-fuse-head -mlir-print-debuginfo \
// RUN:   -mlir-print-local-scope | FileCheck %s --check-prefix=LOC

#config = #amk.config<family = "llama", vocab = 32, hidden = 8, layers = 1,
                      context = 16, eos = [2], bos = 1>

// CHECK-LABEL: amk.model @fuses
// CHECK:         %[[E:.*]] = amk.layer.weight "embed"
// CHECK-NEXT:    %[[X:.*]] = amk.layer.embed
// CHECK-NEXT:    %[[T:.*]], %[[L:.*]] = amk.fused.head %[[X]] weight(%[[E]])
// CHECK-NEXT:    amk.layer.output %[[T]], %[[L]]

// LOC-LABEL: amk.model @fuses
// LOC:         amk.fused.head
// LOC-SAME:      loc("lm_head"(fused["lm_head", "argmax"]))
amk.model @fuses config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %l = amk.layer.linear %x, %e
      : (tensor<1x8xf32>, tensor<32x8xf32>) -> tensor<1x32xf32>
      loc("lm_head")
  %t = amk.layer.argmax %l : (tensor<1x32xf32>) -> tensor<1xi32>
      loc("argmax")
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x32xf32>
}

// The logits are not the result of a linear alone.

// CHECK-LABEL: amk.model @not_linear
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.argmax
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @not_linear config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %l = amk.layer.linear %x, %e
      : (tensor<1x8xf32>, tensor<32x8xf32>) -> tensor<1x32xf32>
  %s = amk.layer.add %l, %l : tensor<1x32xf32>
  %t = amk.layer.argmax %s : (tensor<1x32xf32>) -> tensor<1xi32>
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x32xf32>
}

// The logits have a use beside argmax and output.

// CHECK-LABEL: amk.model @logits_used_twice
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.argmax
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @logits_used_twice config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %l = amk.layer.linear %x, %e
      : (tensor<1x8xf32>, tensor<32x8xf32>) -> tensor<1x32xf32>
  %s = amk.layer.add %l, %l : tensor<1x32xf32>
  %t = amk.layer.argmax %l : (tensor<1x32xf32>) -> tensor<1xi32>
  amk.layer.output %t, %s : tensor<1xi32>, tensor<1x32xf32>
}

// The logits of the argmax are not the output.

// CHECK-LABEL: amk.model @not_output
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.argmax
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @not_output config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %l = amk.layer.linear %x, %e
      : (tensor<1x8xf32>, tensor<32x8xf32>) -> tensor<1x32xf32>
  %other = amk.layer.linear %x, %e
      : (tensor<1x8xf32>, tensor<32x8xf32>) -> tensor<1x32xf32>
  %t = amk.layer.argmax %l : (tensor<1x32xf32>) -> tensor<1xi32>
  amk.layer.output %t, %other : tensor<1xi32>, tensor<1x32xf32>
}

// Two argmaxes read the logits.

// CHECK-LABEL: amk.model @two_argmaxes
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.argmax
// CHECK-NOT:     amk.fused
// CHECK:         amk.layer.output
amk.model @two_argmaxes config = #config {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "embed" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %l = amk.layer.linear %x, %e
      : (tensor<1x8xf32>, tensor<32x8xf32>) -> tensor<1x32xf32>
  %t = amk.layer.argmax %l : (tensor<1x32xf32>) -> tensor<1xi32>
  %t2 = amk.layer.argmax %l : (tensor<1x32xf32>) -> tensor<1xi32>
  %e2 = amk.layer.embed %t2, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %l2 = amk.layer.linear %e2, %e
      : (tensor<1x8xf32>, tensor<32x8xf32>) -> tensor<1x32xf32>
  amk.layer.output %t, %l2 : tensor<1xi32>, tensor<1x32xf32>
}
