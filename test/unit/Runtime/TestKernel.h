//===- TestKernel.h - Bodies of the hand-written test kernel ----*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A model of integers. With x(-1) = token + embedding[token], every worker w
// computes x(w) = 5 * x(w-1) + sum of its stream's bytes. The next token is
// (x(last) + sum over positions i of (i + 1) * token(i) + constant) mod vocab,
// so that it depends on all weights, all workers and the whole history.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_UNIT_RUNTIME_TESTKERNEL_H
#define AMK_TEST_UNIT_RUNTIME_TESTKERNEL_H

#include <cstdint>

namespace amk::test {

enum Body : uint32_t {
  Embed = 0,   ///< operands: cell
  Mix = 1,     ///< operands: cell from, cell to, stream offset, stream bytes
  Argmax = 2,  ///< operands: cell, vocab
  Lost = 3,    ///< does nothing, and its signals are lost
  Sleep = 4,   ///< operands: milliseconds
};

constexpr uint32_t kMixFactor = 5;

} // namespace amk::test

#endif // AMK_TEST_UNIT_RUNTIME_TESTKERNEL_H
