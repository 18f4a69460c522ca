//===- Words.h - Words that workers pass to each other ----------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_CONVERSION_KERNELTONVVM_WORDS_H
#define AMK_LIB_CONVERSION_KERNELTONVVM_WORDS_H

#include "GpuBuilder.h"

#include <functional>

namespace mlir::amk {

/// Not `condition`.
Value negate(GpuBuilder &code, Value condition);

/// How the lanes of a warp ask again for words that were not there. Many
/// workers wait for the same few lines of memory, which serve one of them after
/// the other, and whoever writes them stands in the same queue.
enum class Polling {
  Eager, ///< every lane for those that it misses
  /// One lane for one word that it misses; when that has come, all of them:
  /// fewer requests, and one more way to memory at the end. For long vectors.
  Elected,
};

/// Waits for words of a vector, of which each lane of a warp needs some. All
/// lanes take part in everything. docs/GpuKernel.md, section 4.1.
class WordPoller {
public:
  using Number = std::function<Value()>;

  /// `tag`: i32.
  WordPoller(GpuBuilder &code, Value vector, Value tag,
             Polling polling = Polling::Eager)
      : code(code), vector(vector), tag(tag), polling(polling) {}

  /// Adds one or two words, the first of which has an `index` (i32): of two an
  /// even one, `vector` being at a multiple of 16 bytes. `hasSecond` (i1; null:
  /// always) says whether the second is needed. Both are asked for where code
  /// is emitted. Returns the number of the words.
  unsigned add(unsigned count, Number index, Number hasSecond = nullptr);
  /// The same for one word that has been asked for: into `variable` (i64).
  unsigned add(Value variable, Number index);

  /// Asks for all words; waits for nothing.
  void load();
  /// Until all words that are needed carry the tag.
  void wait();
  /// What has come, word `j` of those of that number: its value as f32.
  Value value(unsigned number, unsigned j = 0);

private:
  struct Item {
    Number index, hasSecond;
    SmallVector<Value, 2> words; ///< variables, i64
  };
  Value address(const Item &item);
  SmallVector<Value, 2> words(const Item &item);
  Value isMissing(const Item &item, unsigned j);
  Value isMissing(const Item &item);
  Value isAnyMissing();
  void reload(const Item &item, Value condition);
  Value attempt();
  Value electedAttempt();
  GpuBuilder::Failure failure();

  GpuBuilder &code;
  Value vector, tag;
  Polling polling;
  SmallVector<Item> items;
};

/// Polls word `index` (i64) of `words` until its tag is `tag` (i32): its value
/// as f32. For single threads.
Value emitPollWord(GpuBuilder &code, Value words, Value index, Value tag);

/// All threads poll words [0, count) and drop their values.
void emitPollAll(GpuBuilder &code, Value words, int64_t count, Value tag);

/// Runs body(i, exists) for i = thread, thread + 512, ... (i32), by whole
/// warps: lanes beyond `count` (i32) have its last number, and `exists` (i1) is
/// false.
void forMyNumbers(GpuBuilder &code, Value count,
                  function_ref<void(Value, Value)> body);

} // namespace mlir::amk

#endif // AMK_LIB_CONVERSION_KERNELTONVVM_WORDS_H
