//===- Assembler.cpp - NVIDIA's assembler ---------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Assembler.h"
#include "TemporaryDirectory.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

using namespace llvm;
using mlir::failed;
using mlir::FailureOr;
using mlir::LogicalResult;
using namespace mlir::amk;
using Report = llvm::function_ref<void(const Twine &)>;

/// Long enough for any kernel, short enough to notice a hang.
static constexpr unsigned kSecondsToWait = 600;

std::string mlir::amk::findAssembler() {
  if (auto named = sys::Process::GetEnv("AMK_PTXAS"))
    return *named == "none" ? "" : *named;
  if (auto path = sys::findProgramByName("ptxas"))
    return *path;
  // Where the CUDA toolkit is, if it is not in PATH.
  if (auto home = sys::Process::GetEnv("CUDA_HOME"))
    if (auto path = sys::findProgramByName("ptxas", {*home + "/bin"}))
      return *path;
  if (auto path = sys::findProgramByName("ptxas", {"/usr/local/cuda/bin"}))
    return *path;
  return "";
}

//===----------------------------------------------------------------------===//
// What ptxas -v says
//===----------------------------------------------------------------------===//

/// The number before `what` in "40 bytes stack frame, 0 bytes spill stores".
static uint32_t numberBefore(StringRef line, StringRef what) {
  StringRef number = line.take_front(line.find(what)).rtrim();
  number = number.drop_front(number.find_last_of(" ,") + 1);
  uint32_t value = 0;
  return number.getAsInteger(10, value) ? 0 : value;
}

static void parseReport(StringRef text, Assembly &assembly) {
  GpuFunction *function = nullptr;
  for (StringRef line : llvm::split(text, '\n')) {
    StringRef name = line.split("Function properties for ").second.trim();
    if (!name.empty()) {
      assembly.functions.push_back({name.str()});
      function = &assembly.functions.back();
    } else if (function && line.contains(" bytes spill stores")) {
      function->stackBytes = numberBefore(line, " bytes stack frame");
      function->spillStores = numberBefore(line, " bytes spill stores");
      function->spillLoads = numberBefore(line, " bytes spill loads");
    } else if (line.contains(" registers") && line.contains("Used ")) {
      assembly.registers = numberBefore(line, " registers");
    }
  }
}

/// Code of functions is in .text of the kernel that they belong to, and named
/// "$kernel$function".
static LogicalResult readCodeSizes(Assembly &assembly, Report report) {
  auto file = object::ObjectFile::createObjectFile(
      MemoryBufferRef(assembly.cubin, "cubin"));
  if (!file) {
    report("cannot read what ptxas wrote: " + toString(file.takeError()));
    return mlir::failure();
  }
  for (const object::SectionRef &section : (*file)->sections())
    if (section.isText())
      assembly.codeBytes += section.getSize();
  llvm::StringMap<uint64_t> sizes;
  for (const object::SymbolRef &symbol : (*file)->symbols()) {
    Expected<StringRef> name = symbol.getName();
    if (!name) {
      consumeError(name.takeError());
      continue;
    }
    StringRef function = name->drop_front(name->rfind('$') + 1);
    sizes[function] = object::ELFSymbolRef(symbol).getSize();
  }
  for (GpuFunction &function : assembly.functions)
    function.codeBytes = sizes.lookup(function.name);
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// Running it
//===----------------------------------------------------------------------===//

FailureOr<Assembly> mlir::amk::assemble(StringRef ptxas, StringRef arch,
                                        StringRef ptx, Report report) {
  TemporaryDirectory files;
  std::error_code error = files.create("amk-ptxas");
  if (!error)
    error = files.write("code.ptx", ptx);
  if (error) {
    report("cannot write a temporary PTX file: " + error.message());
    return mlir::failure();
  }
  std::string input = files.path("code.ptx"), output = files.path("code.cubin");
  std::string log = files.path("log"), machine = ("-arch=" + arch).str();
  StringRef arguments[] = {ptxas, "-v", machine, "-o", output, input};
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log),
                                          StringRef(log)};
  std::string message;
  int status = sys::ExecuteAndWait(ptxas, arguments, std::nullopt, redirects,
                                   kSecondsToWait, /*MemoryLimit=*/0, &message);
  auto text = MemoryBuffer::getFile(log);
  if (status != 0) {
    if (text)
      message += (*text)->getBuffer().trim();
    report(ptxas + " failed for " + arch + " with status " + Twine(status) +
           ": " + message);
    return mlir::failure();
  }
  auto cubin = MemoryBuffer::getFile(output, /*IsText=*/false,
                                     /*RequiresNullTerminator=*/false);
  if (!text || !cubin) {
    report(ptxas + " wrote nothing for " + arch);
    return mlir::failure();
  }
  Assembly assembly;
  assembly.cubin = (*cubin)->getBuffer().str();
  parseReport((*text)->getBuffer(), assembly);
  if (failed(readCodeSizes(assembly, report)))
    return mlir::failure();
  return assembly;
}
