//===- fuzz-schedule.cpp - Fuzzes schedules as text -------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An input is a module as text. Parsing it verifies it, and with it every
// schedule that it holds. Whatever the text, the answer is diagnostics or a
// module; a module prints as text that gives the same module again, and the
// program of a schedule that verified is one that verify() accepts.
//
// Mutations of bytes rarely leave text that parses, so most are of lines
// (moved, repeated, dropped) and of numbers.
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/IR/ScheduleModel.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringExtras.h"

#include <cstdlib>
#include <random>

using namespace mlir;

static void require(bool condition) {
  if (!condition)
    std::abort();
}

/// LLVM's allocators poison their slabs where they are compiled with the
/// sanitizer: here, but not in libMLIR, which then uses what we poisoned.
extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0";
}

static std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os);
  return text;
}

static OwningOpRef<ModuleOp> parse(StringRef text, MLIRContext &context) {
  // Rendering a diagnostic is part of what must not crash.
  ScopedDiagnosticHandler handler(&context, [](Diagnostic &diagnostic) {
    require(!diagnostic.str().empty());
    for (Diagnostic &note : diagnostic.getNotes())
      require(!note.str().empty());
    return success();
  });
  return parseSourceString<ModuleOp>(text, &context);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // A context of its own: attributes stay in a context as long as it lives.
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<mlir::amk::AMKDialect>();
  // As a file would be: MLIR's lexer counts on a NUL at the end.
  std::string text(reinterpret_cast<const char *>(data), size);
  OwningOpRef<ModuleOp> module = parse(text, context);
  if (!module)
    return 0;
  std::string printed = print(*module);
  OwningOpRef<ModuleOp> again = parse(printed, context);
  require(again && print(*again) == printed);
  module->walk([](mlir::amk::ScheduleOp schedule) {
    auto program = mlir::amk::buildScheduleModel(schedule).program;
    require(schedule.getUnsynchronized()
                ? ::amk::schedule::check(program).empty()
                : ::amk::schedule::verify(program).empty());
  });
  return 0;
}

//===----------------------------------------------------------------------===//
// Mutations
//===----------------------------------------------------------------------===//

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

namespace {

class TextMutator {
public:
  TextMutator(StringRef text, unsigned seed) : random(seed) {
    text.split(storage, '\n');
    lines.assign(storage.begin(), storage.end());
  }

  std::string run() {
    switch (pick(4)) {
    case 0:
      moveLine();
      break;
    case 1:
      lines.insert(lines.begin() + pick(lines.size()),
                   std::string(lines[pick(lines.size())]));
      break;
    case 2:
      lines.erase(lines.begin() + pick(lines.size()));
      break;
    case 3:
      changeNumber(lines[pick(lines.size())]);
      break;
    }
    return llvm::join(lines, "\n");
  }

private:
  size_t pick(size_t count) { return random() % count; }

  void moveLine() {
    size_t from = pick(lines.size());
    std::string line = std::move(lines[from]);
    lines.erase(lines.begin() + from);
    lines.insert(lines.begin() + pick(lines.size() + 1), std::move(line));
  }

  void changeNumber(std::string &line) {
    static constexpr const char *kNumbers[] = {
        "0",  "1",  "2",  "3",          "4",          "7",
        "8",  "16", "31", "32",         "33",         "64",
        "-1", "-2", "65", "2147483648", "4294967296", "9223372036854775807"};
    size_t begin = line.find_first_of("0123456789", pick(line.size() + 1));
    if (begin == std::string::npos)
      return;
    size_t end = line.find_first_not_of("0123456789", begin);
    line.replace(begin, end - begin, kNumbers[pick(std::size(kNumbers))]);
  }

  std::minstd_rand random;
  SmallVector<StringRef> storage;
  std::vector<std::string> lines;
};

} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t max, unsigned seed) {
  if (size == 0 || seed % 8 == 0)
    return LLVMFuzzerMutate(data, size, max);
  StringRef text(reinterpret_cast<const char *>(data), size);
  std::string mutated = TextMutator(text, seed).run();
  if (mutated.empty() || mutated.size() > max)
    return LLVMFuzzerMutate(data, size, max);
  llvm::copy(mutated, data);
  return mutated.size();
}
