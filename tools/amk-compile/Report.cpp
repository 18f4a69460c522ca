//===- Report.cpp - What amk-compile tells its user -----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Report.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace amk;
using namespace amk::tool;
using Clock = std::chrono::steady_clock;

static constexpr std::chrono::seconds kPatience(1);

/// Speaks up when a phase has run for a while.
struct Stopwatch::Running::Timer {
  Clock::time_point start = Clock::now();
  std::mutex mutex;
  std::condition_variable changed;
  bool finished = false;
  std::thread thread;

  explicit Timer(const std::string &phase) {
    thread = std::thread([this, phase] {
      std::unique_lock<std::mutex> lock(mutex);
      if (!changed.wait_for(lock, kPatience, [this] { return finished; }))
        llvm::errs() << "amk-compile: " << phase << " ...\n";
    });
  }
  ~Timer() {
    {
      std::lock_guard<std::mutex> lock(mutex);
      finished = true;
    }
    changed.notify_one();
    thread.join();
  }
};

Stopwatch::Running::Running(Stopwatch &watch, const std::string &phase)
    : watch(watch), phase(phase), timer(new Timer(phase)) {}

Stopwatch::Running::~Running() {
  std::chrono::duration<double> elapsed = Clock::now() - timer->start;
  watch.seconds.emplace_back(phase, elapsed.count());
  delete timer;
}

std::string Stopwatch::text() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  double total = 0;
  for (const auto &[phase, time] : seconds) {
    os << phase << llvm::format(" %.2f s, ", time);
    total += time;
  }
  os << llvm::format("together %.2f s", total);
  return text;
}

/// "1234567 bytes (1.2 MiB)"
static std::string bytesText(uint64_t bytes) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << bytes << " bytes";
  if (bytes >= 1 << 20)
    os << llvm::format(" (%.1f MiB)", double(bytes) / (1 << 20));
  return text;
}

static uint64_t streamBytes(const schedule::Tables &tables) {
  uint64_t bytes = 0;
  for (const abi::PackSegment &segment : tables.segments)
    bytes += segment.bytes;
  return bytes;
}

/// Of the code for one architecture.
static void reportKernel(llvm::raw_ostream &os,
                         const mlir::amk::GpuCode &code) {
  const runtime::GpuCodeInfo &info = *code.files.front().info.gpu;
  os << "kernel    " << code.arch << (code.trace ? " with trace" : "") << ": ";
  if (code.isAssembled())
    os << info.registers << " registers, " << info.spillBytes
       << " bytes spilled, " << code.codeBytes << " bytes of code, ";
  os << info.sharedBytes << " bytes of shared memory, " << info.stages
     << " stages, " << info.inFlight << " in flight"
     << llvm::format("; PTX %.2f s", code.ptxSeconds);
  if (code.isAssembled())
    os << llvm::format(", ptxas %.2f s", code.assemblerSeconds);
  os << '\n';
  // Memory that every thread goes through, in the loops that must be fast.
  for (const mlir::amk::GpuFunction &function : code.functions)
    if (function.spillStores || function.spillLoads)
      os << "warning   " << code.arch << ": " << function.name << " spills "
         << function.spillStores << " bytes and loads " << function.spillLoads
         << '\n';
}

std::string
amk::tool::compileReport(const BundlePlan &plan,
                         const std::vector<CodeFile> &code,
                         const std::vector<mlir::amk::GpuCode> &gpuCode,
                         const std::string &directory, const Stopwatch &watch) {
  const runtime::ModelInfo &model = plan.manifest.model;
  const runtime::MemoryInfo &memory = plan.manifest.memory;
  const schedule::Tables &tables = plan.tables;
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "bundle    " << directory << '\n'
     << "model     " << model.family << ", " << model.layers
     << " layers, hidden " << model.hiddenSize << ", vocabulary "
     << model.vocabSize << ", context " << model.maxContext << '\n'
     << "schedule  " << tables.workers << " workers, "
     << tables.instructions.size() << " tasks, " << tables.counters.size()
     << " counters, " << tables.waits.size() << " waits, "
     << tables.signals.size() << " signals\n"
     << "arena     " << bytesText(memory.arenaBytes) << '\n'
     << "kv cache  " << bytesText(memory.kvBytes) << '\n'
     << "streams   " << bytesText(streamBytes(tables)) << '\n';
  for (const CodeFile &file : code)
    os << "code      " << file.info.file << ", " << bytesText(file.bytes.size())
       << '\n';
  for (const mlir::amk::GpuCode &kernel : gpuCode)
    reportKernel(os, kernel);
  if (!gpuCode.empty() && !gpuCode.front().isAssembled())
    os << "note      no ptxas: the driver assembles the kernels at load\n";
  os << "time      " << watch.text() << '\n';
  return text;
}
