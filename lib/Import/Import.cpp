//===- Import.cpp - From a checkpoint to amk.model ------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Import/Import.h"
#include "GraphBuilder.h"
#include "amk/Import/Family.h"

using namespace mlir;
using namespace mlir::amk;

/// How the graph of a family is built: the MLIR half of ::amk::Family.
static constexpr struct {
  StringLiteral family;
  void (*build)(GraphBuilder &graph);
} kGraphs[] = {
    {"llama", buildLlama},
};

OwningOpRef<ModuleOp>
mlir::amk::importModel(MLIRContext &mlirContext,
                       const ::amk::Checkpoint &checkpoint, int64_t context) {
  mlirContext.loadDialect<AMKDialect>();
  OpBuilder builder(&mlirContext);
  const ::amk::ModelConfig &facts = checkpoint.config;
  StringRef family = facts.family->name;
  Location loc = NameLoc::get(builder.getStringAttr(family));
  OwningOpRef<ModuleOp> module(ModuleOp::create(builder, loc));
  builder.setInsertionPointToEnd(module->getBody());

  auto config = ModelConfigAttr::get(
      &mlirContext, family, facts.vocab, facts.hidden, facts.layers, context,
      builder.getDenseI32ArrayAttr(facts.eosTokenIds),
      facts.bosTokenId.value_or(-1));
  auto model = ModelOp::create(builder, loc, family, config, DictionaryAttr());
  GraphBuilder graph(model, checkpoint, context);
  for (const auto &entry : kGraphs)
    if (entry.family == family)
      entry.build(graph);
  return module;
}
