//===- GraphBuilder.h - What the builders of all families share -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_IMPORT_GRAPHBUILDER_H
#define AMK_LIB_IMPORT_GRAPHBUILDER_H

#include "amk/Dialect/AMK/IR/AMK.h"
#include "amk/Import/Checkpoint.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::amk {

/// Layer operations at the end of a model's block. Names become locations, from
/// which later levels take the labels of tasks and buffers.
class GraphBuilder {
public:
  GraphBuilder(ModelOp model, const ::amk::Checkpoint &checkpoint,
               int64_t context);

  const ::amk::ModelConfig &config() const { return checkpoint.config; }
  int64_t context() const { return contextLength; }
  Value token() const { return block->getArgument(0); }
  Value position() const { return block->getArgument(1); }

  /// A checkpoint tensor; the same value for the same name.
  Value weight(const Twine &tensor);
  Value embed(StringRef name, Value table);
  Value rmsNorm(const Twine &name, Value input, Value weight);
  Value linear(const Twine &name, Value input, Value weight);
  Value rotaryTable(StringRef name);
  Value rope(const Twine &name, Value input, Value table);
  Value kvCache(const Twine &name, int64_t layer);
  Value kvAppend(const Twine &name, Value cache, Value key, Value value);
  Value attention(const Twine &name, Value query, Value cache);
  Value gatedActivation(const Twine &name, Value gate, Value up);
  Value add(const Twine &name, Value lhs, Value rhs);
  /// The next token from the logits, and the end of the model.
  void finish(StringRef name, Value logits);

private:
  Location loc(const Twine &name);
  RankedTensorType vectorType(int64_t size);

  OpBuilder builder;
  Block *block;
  const ::amk::Checkpoint &checkpoint;
  int64_t contextLength;
  llvm::StringMap<Value> weights;
};

/// The Llama family.
void buildLlama(GraphBuilder &graph);

} // namespace mlir::amk

#endif // AMK_LIB_IMPORT_GRAPHBUILDER_H
