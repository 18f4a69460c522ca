//===- CodeObject.cpp - The machine code of a bundle ----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/CodeObject.h"
#include "amk/Support/Error.h"
#include "amk/Support/Hash.h"
#include "amk/Support/Json.h"

#include <cstring>
#include <dlfcn.h>
#include <fstream>

#ifndef AMK_SANITIZER_NAME
#define AMK_SANITIZER_NAME "none"
#endif

using namespace amk;
using namespace amk::runtime;

static constexpr uint64_t kMaxCodeBytes = 1ull << 30;

const char *amk::runtime::buildSanitizer() { return AMK_SANITIZER_NAME; }

bool amk::runtime::cpuHasFeature(const std::string &name) {
#if defined(__x86_64__)
  // The builtin takes literals only.
#define AMK_CPU_FEATURE(feature)                                               \
  if (name == feature)                                                         \
    return __builtin_cpu_supports(feature) != 0;
  AMK_CPU_FEATURE("sse3")
  AMK_CPU_FEATURE("ssse3")
  AMK_CPU_FEATURE("sse4.1")
  AMK_CPU_FEATURE("sse4.2")
  AMK_CPU_FEATURE("popcnt")
  AMK_CPU_FEATURE("avx")
  AMK_CPU_FEATURE("avx2")
  AMK_CPU_FEATURE("fma")
  AMK_CPU_FEATURE("f16c")
  AMK_CPU_FEATURE("bmi")
  AMK_CPU_FEATURE("bmi2")
  AMK_CPU_FEATURE("avx512f")
  AMK_CPU_FEATURE("avx512bw")
  AMK_CPU_FEATURE("avx512cd")
  AMK_CPU_FEATURE("avx512dq")
  AMK_CPU_FEATURE("avx512vl")
  AMK_CPU_FEATURE("avx512vnni")
  AMK_CPU_FEATURE("avx512bf16")
#undef AMK_CPU_FEATURE
#endif
  return false;
}

std::string amk::runtime::cpuName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos)
      return line.substr(colon + 2);
  }
  return "unknown CPU";
}

/// What stands between this machine and a code object; empty if nothing.
static std::string obstacles(const CodeInfo &code) {
  std::string text;
  for (const std::string &feature : code.features)
    if (!cpuHasFeature(feature))
      text += (text.empty() ? "CPU lacks " : ", ") + feature;
  if (code.sanitizer != buildSanitizer())
    text += (text.empty() ? "" : "; ") + std::string("sanitizer is ") +
            code.sanitizer + ", this runtime's is " + buildSanitizer();
  return text;
}

size_t amk::runtime::selectCodeObject(const Manifest &manifest,
                                      const std::string &where) {
  std::string reasons;
  for (size_t i = manifest.code.size(); i-- > 0;) {
    std::string obstacle = obstacles(manifest.code[i]);
    if (obstacle.empty())
      return i;
    reasons += "\n  " + manifest.code[i].file + ": " + obstacle;
  }
  fail(where, "code: no code object runs here:" + reasons);
}

static void checkHash(const CodeInfo &code, const std::string &path) {
  std::string hash = hex64(fnv1a(readFile(path, kMaxCodeBytes)));
  if (hash != code.hash)
    fail(path, "hash: found " + hash + ", expected " + code.hash +
                   " (damaged file)");
}

/// The last error of the dynamic loader.
static std::string loaderError() {
  const char *message = dlerror();
  return message ? message : "unknown error of the dynamic loader";
}

std::shared_ptr<CodeObject> CodeObject::load(const Bundle &bundle) {
  size_t index =
      selectCodeObject(bundle.manifest, bundle.pathOf("manifest.json"));
  const CodeInfo &code = bundle.manifest.code[index];
  std::string path = bundle.pathOf(code.file);
  checkHash(code, path);

  std::shared_ptr<CodeObject> object(new CodeObject);
  object->archName = code.arch;
  object->handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!object->handle)
    fail(path, "cannot load: " + loaderError());
  auto *version = static_cast<const uint32_t *>(
      dlsym(object->handle, abi::kAbiSymbolName));
  if (!version)
    fail(path, std::string(abi::kAbiSymbolName) + ": symbol not found");
  if (*version != abi::kAbiVersion)
    fail(path, std::string(abi::kAbiSymbolName) + ": found " +
                   std::to_string(*version) + ", expected " +
                   std::to_string(abi::kAbiVersion));
  object->workerEntry = reinterpret_cast<abi::WorkerEntryFn>(
      dlsym(object->handle, abi::kWorkerEntryName));
  if (!object->workerEntry)
    fail(path, std::string(abi::kWorkerEntryName) + ": symbol not found");
  return object;
}

CodeObject::~CodeObject() {
  // ThreadSanitizer and AddressSanitizer keep pointers into loaded objects for
  // their reports, so such a build leaves them loaded.
  if (handle && std::strcmp(buildSanitizer(), "none") == 0)
    dlclose(handle);
}
