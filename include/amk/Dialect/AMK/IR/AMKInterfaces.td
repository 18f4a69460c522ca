//===- AMKInterfaces.td - What passes ask of ops ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_DIALECT_AMK_IR_AMKINTERFACES_TD
#define AMK_DIALECT_AMK_IR_AMKINTERFACES_TD

include "mlir/IR/OpBase.td"

def AMK_NormPrologueOpInterface : OpInterface<"NormPrologueOpInterface"> {
  let cppNamespace = "::mlir::amk";
  let description = [{
    A fused operation that can normalise its input itself: with a norm weight
    and an epsilon it first computes `rms_norm(input, norm, epsilon)`. Without,
    it takes the input as it is.
  }];
  let methods = [
    InterfaceMethod<"The vector that the operation reads.",
      "::mlir::Value", "getInput">,
    InterfaceMethod<"The norm weight, or null.", "::mlir::Value", "getNorm">,
    InterfaceMethod<[{Makes the operation read `input` through a norm. Only
      valid while getNorm() is null.}],
      "void", "setNormPrologue", (ins "::mlir::Value":$input,
        "::mlir::Value":$weight, "::mlir::FloatAttr":$epsilon), [{}], [{
        $_op.getInputMutable().assign(input);
        $_op.getNormMutable().assign(weight);
        $_op.setEpsilonAttr(epsilon);
      }]>
  ];
}

def AMK_TaskOpInterface : OpInterface<"TaskOpInterface"> {
  let cppNamespace = "::mlir::amk";
  let description = [{
    One task: what one worker does for one phase. What a task touches follows
    from its semantics; nobody writes accesses by hand, but for
    `amk.task.opaque`.
  }];
  let methods = [
    InterfaceMethod<"Phase, label and part.", "::mlir::amk::PhaseAttr",
      "getPhase">,
    InterfaceMethod<[{Appends every access to shared, mutable buffers
      (activations, KV cache, token, control, logits, shared, ring), in bytes
      relative to the buffer. Reads of constants and weights are not accesses:
      nothing writes them.}],
      "void", "getAccesses",
      (ins "::llvm::SmallVectorImpl<::mlir::amk::BufferAccess> &":$accesses)>,
    InterfaceMethod<[{The packed weights that the task consumes: source buffers
      (in stream order) and the row map, or nothing.}],
      "::std::optional<::mlir::amk::WeightUse>", "getWeightUse">,
    InterfaceMethod<"Where the task's weights begin in its worker's stream.",
      "::mlir::IntegerAttr", "getStreamOffsetAttr">,
    InterfaceMethod<"Assigns the place of the task's weights.",
      "void", "setStreamOffsetAttr", (ins "::mlir::IntegerAttr":$offset)>,
    InterfaceMethod<"The kernel body that runs the task, or null.",
      "::mlir::amk::CallAttr", "getCallAttr">,
    InterfaceMethod<"Assigns the kernel body.", "void", "setCallAttr",
      (ins "::mlir::amk::CallAttr":$call)>
  ];
}

#endif // AMK_DIALECT_AMK_IR_AMKINTERFACES_TD
