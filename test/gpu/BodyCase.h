//===- BodyCase.h - One body with its memory --------------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A linear with norm prologue and residual epilogue: its operands in memory as
// the runtime lays them out, and its result in float64.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_GPU_BODYCASE_H
#define AMK_TEST_GPU_BODYCASE_H

#include "amk/Runtime/Memory.h"
#include "amk/Support/Abi.h"
#include "amk/Support/DType.h"

#include <cstdint>
#include <vector>

namespace amk::test {

/// A body of linear-norm.mlir.
struct BodyShape {
  const char *name;
  DType weights;
  int64_t columns;
  int64_t rows;  ///< of the whole matrix and the output
  int64_t begin; ///< the task's rows: [begin, begin + count)
  int64_t count;
  int64_t tileRows;

  int64_t tiles() const { return (count + tileRows - 1) / tileRows; }
  /// The staged vector and the rows of all tiles.
  uint64_t scratchBytes() const;
};

class BodyCase {
public:
  explicit BodyCase(const BodyShape &shape);

  const BodyShape shape;
  runtime::Buffer constants; ///< the norm's weight
  runtime::Buffer stream;    ///< packed weights
  std::vector<float> arena;  ///< input, residual, output, one after another
  /// The task's result in float64.
  std::vector<double> reference;

  /// Where an operand of the body lies; Scratch means a plain number.
  struct Operand {
    abi::Space space;
    uint64_t value; ///< bytes from the space's base, or the number
  };
  std::vector<Operand> operands() const;

  float *output(std::vector<float> &arena) const {
    return arena.data() + outputOffset();
  }
  /// Overwrites the output with a pattern that no result has.
  void poison(std::vector<float> &arena) const;
  /// Whether the rows outside the task still hold that pattern.
  bool othersUntouched(std::vector<float> &arena) const;
  /// Largest difference of the task's rows, relative to the largest value;
  /// infinite if one is not a number.
  double error(std::vector<float> &arena,
               const std::vector<double> &expected) const;

private:
  int64_t outputOffset() const { return shape.columns + shape.rows; }
};

} // namespace amk::test

#endif // AMK_TEST_GPU_BODYCASE_H
