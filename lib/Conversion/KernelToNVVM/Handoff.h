//===- Handoff.h - Vectors that workers pass to each other ------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTONVVM_HANDOFF_H
#define AMK_LIB_CONVERSION_KERNELTONVVM_HANDOFF_H

#include "GpuBuilder.h"

namespace mlir::amk {

//===----------------------------------------------------------------------===//
// A piece of a vector on its way to shared memory
//===----------------------------------------------------------------------===//

/// Asks for a piece of a vector, of words or plain values, and later writes it
/// to shared memory; in between it lies in registers. A thread has the pairs of
/// elements that begin at 2 * thread + 1024 * u of the piece.
class VectorReceiver {
public:
  /// `pieceSizes`: least and most elements of a piece; of an odd one the
  /// element behind it is loaded, too, and dropped. `staged` elements are
  /// written, zeros behind the piece. `tag` (i32) is null for plain values.
  VectorReceiver(GpuBuilder &code, Value vector, Value tag,
                 std::pair<int64_t, int64_t> pieceSizes, int64_t staged);

  /// Loads elements [begin, begin + count), i32; waits for nothing.
  void load(Value begin, Value count);
  /// Until all words carry the tag.
  void wait();
  /// Element j (0 or 1) of pair u, f32: zero behind the piece.
  Value value(int64_t u, int64_t j);
  /// Writes all pairs, with `change` applied to what pair(u) holds.
  void write(Value out,
             function_ref<std::array<Value, 2>(int64_t, std::array<Value, 2>)>
                 change = nullptr);

  int64_t pairs() const { return count; }
  /// Index in the piece of pair u (i32), which is in the piece for all threads.
  Value place(int64_t u);

private:
  /// Whether the piece has element j of pair u; null: for all threads.
  Value isThere(int64_t u, int64_t j = 0);
  Value address(int64_t u);
  Value thread2() { return code.mul32(code.thread(), 2); }

  GpuBuilder &code;
  Value vector, tag;
  int64_t least, staged, count;
  bool mayBeOdd;
  Value begin, size;
  SmallVector<Value> words; ///< variables, two for each pair
};

/// All threads poll words [0, count) and drop their values.
void emitPollAll(GpuBuilder &code, Value words, int64_t count, Value tag);

/// Tag (i32) and value (f32) of a word.
Value tagOf(GpuBuilder &code, Value word);
Value valueOf(GpuBuilder &code, Value word);
/// Where `condition` holds, the one or two words from `address` on; else `old`.
SmallVector<Value> reloadIf(GpuBuilder &code, Value condition, Value address,
                            ArrayRef<Value> old);
Value negate(GpuBuilder &code, Value condition);

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

/// As a balanced tree in the order of `values`: as few waits for each other as
/// can be.
Value sumOf(GpuBuilder &code, ArrayRef<Value> values);

/// The variable in which each thread keeps the row (f32) that it has added last;
/// null before makeRowVariable().
Value rowVariable(GpuBuilder &code);
Value makeRowVariable(GpuBuilder &code);

//===----------------------------------------------------------------------===//
// The largest value
//===----------------------------------------------------------------------===//

struct Best {
  Value value, index; ///< f32, i32
};
/// The one with the larger value; of equal ones that with the lower index.
Best betterOf(GpuBuilder &code, Best a, Best c);
/// Of all threads, in all of them; has a barrier.
Best bestOfBlock(GpuBuilder &code, Best mine);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_HANDOFF_H
