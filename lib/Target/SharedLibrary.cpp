//===- SharedLibrary.cpp - Links an object file ---------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SharedLibrary.h"
#include "TemporaryDirectory.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using mlir::amk::TemporaryDirectory;
using Report = function_ref<void(const Twine &)>;

namespace {

struct Linker {
  std::string path;
  bool isCompilerDriver = false;
};

} // namespace

static FailureOr<Linker> findLinker(Report report) {
  // In PATH first, then beside the LLVM that this program was built with.
  for (StringRef name : {"ld.lld-22", "ld.lld"})
    if (auto path = sys::findProgramByName(name))
      return Linker{*path, false};
  if (auto path = sys::findProgramByName("ld.lld", {AMK_LLVM_TOOLS_DIR}))
    return Linker{*path, false};
  for (StringRef name : {"cc", "clang-22", "clang", "gcc"})
    if (auto path = sys::findProgramByName(name))
      return Linker{*path, true};
  report("found no linker, expected ld.lld-22, ld.lld or cc in PATH (Debian: "
         "apt-get install lld-22)");
  return failure();
}

static LogicalResult runLinker(const Linker &linker,
                               const TemporaryDirectory &files, Report report) {
  std::string input = files.path("code.o"), output = files.path("code.so");
  std::string log = files.path("log");
  SmallVector<StringRef> arguments = {linker.path, "-shared", "-o", output,
                                      input};
  if (linker.isCompilerDriver)
    arguments.append(
        {"-nostdlib", "-Wl,-z,noexecstack", "-Wl,--build-id=none"});
  else
    arguments.append({"-z", "noexecstack", "--build-id=none"});
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log),
                                          StringRef(log)};
  std::string message;
  int status = sys::ExecuteAndWait(linker.path, arguments, std::nullopt,
                                   redirects, /*SecondsToWait=*/60,
                                   /*MemoryLimit=*/0, &message);
  if (status == 0)
    return success();
  if (auto text = MemoryBuffer::getFile(log))
    message += (*text)->getBuffer().trim();
  report(Twine(linker.path) + " failed with status " + Twine(status) + ": " +
         message);
  return failure();
}

FailureOr<std::string> mlir::amk::linkSharedLibrary(StringRef object,
                                                    Report report) {
  FailureOr<Linker> linker = findLinker(report);
  if (failed(linker))
    return failure();
  TemporaryDirectory files;
  std::error_code error = files.create("amk-link");
  if (!error)
    error = files.write("code.o", object);
  if (error) {
    report("cannot write a temporary object file: " + error.message());
    return failure();
  }
  if (failed(runLinker(*linker, files, report)))
    return failure();
  auto library = MemoryBuffer::getFile(files.path("code.so"));
  if (!library) {
    report("cannot read the linker's output: " + library.getError().message());
    return failure();
  }
  return (*library)->getBuffer().str();
}

/// What LLVM calls on its own for memory and elementary functions.
static bool isResolvedAtLoad(StringRef symbol) {
  static const StringSet<> known = {
      "bcmp", "memchr", "memcmp", "memcpy", "memmove", "memset", "cosf",
      "expf", "fmaf",   "logf",   "powf",   "sinf",    "sqrtf",  "cos",
      "exp",  "fma",    "log",    "pow",    "sin",     "sqrt"};
  return known.contains(symbol) || symbol.starts_with("__tsan_") ||
         symbol.starts_with("__asan_") || symbol.starts_with("__sanitizer_") ||
         // Defined by the linker.
         symbol.starts_with("__start_") || symbol.starts_with("__stop_") ||
         symbol == "_GLOBAL_OFFSET_TABLE_";
}

LogicalResult mlir::amk::checkUndefinedSymbols(StringRef object,
                                               Report report) {
  auto file =
      object::ObjectFile::createObjectFile(MemoryBufferRef(object, "code.o"));
  if (!file) {
    report("cannot read the generated object: " + toString(file.takeError()));
    return failure();
  }
  for (const object::SymbolRef &symbol : (*file)->symbols()) {
    Expected<uint32_t> flags = symbol.getFlags();
    Expected<StringRef> name = symbol.getName();
    if (!flags || !name) {
      consumeError(flags.takeError());
      consumeError(name.takeError());
      continue;
    }
    if (!(*flags & object::SymbolRef::SF_Undefined) || name->empty() ||
        isResolvedAtLoad(*name))
      continue;
    report("the generated code calls '" + *name +
           "', which is neither in libc nor in libm; a higher --cpu level may "
           "have an instruction for it");
    return failure();
  }
  return success();
}
