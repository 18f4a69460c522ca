//===- CodeObject.h - The machine code of a bundle --------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_RUNTIME_CODEOBJECT_H
#define AMK_RUNTIME_CODEOBJECT_H

#include "amk/Runtime/Bundle.h"
#include "amk/Support/Abi.h"

#include <memory>
#include <string>

namespace amk::runtime {

/// The sanitizer this library was built with: "none", "thread" or "address".
const char *buildSanitizer();

/// True if this CPU and operating system have the named feature. A name that
/// the runtime does not know is a feature that it does not have.
bool cpuHasFeature(const std::string &name);

/// What the processor calls itself, for reports.
std::string cpuName();

/// A loaded shared object; unloaded with the last reference.
class CodeObject {
public:
  /// Picks the last object of the manifest that this machine and build can
  /// run, checks its hash and ABI version and loads it. Throws amk::Error.
  static std::shared_ptr<CodeObject> load(const Bundle &bundle);

  abi::WorkerEntryFn entry() const { return workerEntry; }
  const std::string &arch() const { return archName; }

  CodeObject(const CodeObject &) = delete;
  CodeObject &operator=(const CodeObject &) = delete;
  ~CodeObject();

private:
  CodeObject() = default;

  void *handle = nullptr;
  abi::WorkerEntryFn workerEntry = nullptr;
  std::string archName;
};

/// The index of the object that load() would pick. Throws amk::Error that
/// lists what every object lacks.
size_t selectCodeObject(const Manifest &manifest, const std::string &where);

} // namespace amk::runtime

#endif // AMK_RUNTIME_CODEOBJECT_H
