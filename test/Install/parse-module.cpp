//===- parse-module.cpp - A program outside AMK that reads amk IR ---------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/IR/AMK.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"

#include <cstdio>

static const char *const source = R"mlir(
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
)mlir";

int main() {
  mlir::MLIRContext context;
  context.loadDialect<mlir::amk::AMKDialect>();
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceString<mlir::ModuleOp>(source, &context);
  if (!module)
    return 1;
  int linears = 0;
  module->walk([&](mlir::amk::LayerLinearOp op) { ++linears; });
  std::printf("parsed a model with %d linear op(s)\n", linears);
  return linears == 1 ? 0 : 1;
}
