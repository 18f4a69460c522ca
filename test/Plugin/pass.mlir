// Stock mlir-opt reads amk IR and runs an amk pass once it has the plugin.

// REQUIRES: mlir-opt-plugin
// RUN: mlir-opt-22 %s --load-dialect-plugin=%{plugin} \
// RUN:   --load-pass-plugin=%{plugin} \
// RUN:   --pass-pipeline='builtin.module(amk.model(amk-fuse-head))' \
// RUN:   | FileCheck %s

// CHECK-LABEL: amk.model @tiny
// CHECK-NOT:     amk.layer.argmax
// CHECK:         amk.fused.head
amk.model @tiny config = #amk.config<family = "llama", vocab = 32, hidden = 8,
    layers = 0, context = 16, eos = [2], bos = 1> {
^bb0(%token: tensor<1xi32>, %position: tensor<1xi32>):
  %e = amk.layer.weight "model.embed_tokens.weight" : tensor<32x8xf32>
  %x = amk.layer.embed %token, %e
      : (tensor<1xi32>, tensor<32x8xf32>) -> tensor<1x8xf32>
  %l = amk.layer.linear %x, %e
      : (tensor<1x8xf32>, tensor<32x8xf32>) -> tensor<1x32xf32>
  %t = amk.layer.argmax %l : (tensor<1x32xf32>) -> tensor<1xi32>
  amk.layer.output %t, %l : tensor<1xi32>, tensor<1x32xf32>
}
