//===- Doctor.cpp - What would run here, and why --------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Doctor.h"
#include "Cuda/CudaEngine.h"
#include "amk/Runtime/CodeObject.h"
#include "amk/Support/Error.h"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

using namespace amk;
using namespace amk::runtime;

static std::string gigabytes(uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f GB", bytes * 1e-9);
  return text;
}

/// The first file of that name in PATH, or at CUDA's usual places; empty: none.
static std::string findTool(const std::string &name) {
  const char *path = std::getenv("PATH");
  std::string list = path ? path : "";
  if (const char *home = std::getenv("CUDA_HOME"))
    list += std::string(":") + home + "/bin";
  list += ":/usr/local/cuda/bin";
  for (size_t begin = 0, end; begin <= list.size(); begin = end + 1) {
    end = std::min(list.find(':', begin), list.size());
    std::string file = list.substr(begin, end - begin) + "/" + name;
    if (end != begin && access(file.c_str(), X_OK) == 0)
      return file;
  }
  return "";
}

static std::string describe(const cuda::DeviceInfo &device, uint64_t free) {
  auto yesNo = [](bool value) { return value ? "yes" : "no"; };
  return device.name + ", sm_" + std::to_string(device.major) +
         std::to_string(device.minor) + ", " +
         std::to_string(device.multiprocessors) + " multiprocessors, " +
         std::to_string(device.sharedBytesPerBlock) +
         " bytes of shared memory a block, " + gigabytes(free) + " of " +
         gigabytes(device.memoryBytes) + " free, cooperative launch: " +
         yesNo(device.cooperativeLaunch) +
         ", mapped host memory: " + yesNo(device.mapsHostMemory);
}

/// What a session would do on this device, up to the upload.
static void examineOn(const cuda::Context &context, const Bundle &bundle,
                      const std::string &arch, const std::string &name,
                      std::vector<std::string> &lines) {
  const Manifest &manifest = bundle.manifest;
  cuda::CodeChoice choice = cuda::chooseCode(
      manifest, context.device(), arch, bundle.pathOf("manifest.json"));
  const CodeInfo &code = manifest.code[choice.index];
  lines.push_back("  code: " + code.file + " (" + choice.reason + ")");
  std::unique_ptr<cuda::Module> module = cuda::loadCode(bundle, code);
  cuda::Function kernel = module->function(abi::kGpuEntryName);
  lines.push_back("  kernel: " + std::to_string(kernel.registers()) +
                  " registers and " + std::to_string(kernel.localBytes()) +
                  " bytes of local memory a thread, " +
                  std::to_string(code.gpu->sharedBytes) +
                  " bytes of shared memory a block");
  cuda::checkResidency(context, kernel, *code.gpu, manifest.workers, name);
  lines.push_back("  workers: " + std::to_string(manifest.workers) +
                  ", all resident at once");
  cuda::MemoryPlan plan =
      cuda::planMemory(bundle, 0, context.freeBytes(), name);
  std::string file = bundle.pathOf(manifest.tablesFile);
  cuda::checkDeviceTables(cuda::encodeDeviceTables(manifest, bundle.tables,
                                                   plan.context, file),
                          manifest, bundle.tables, file);
  lines.push_back("  memory: " + gigabytes(plan.fixedBytes) +
                  " of weights and activations, " + gigabytes(plan.kvBytes) +
                  " of KV cache for a context of " +
                  std::to_string(plan.context));
}

static Diagnosis examineGpus(const Bundle *bundle, const std::string &arch) {
  Diagnosis result;
  result.ok = false;
  std::string why;
  if (!cuda::available(&why)) {
    result.lines.push_back("CUDA: " + why);
    return result;
  }
  for (int i = 0; i < cuda::deviceCount(); ++i) {
    std::string name = "cuda:" + std::to_string(i);
    try {
      cuda::Context context(i);
      const cuda::DeviceInfo &device = context.device();
      if (i == 0)
        result.lines.push_back(
            "CUDA driver: for CUDA " +
            std::to_string(device.driverVersion / 1000) + "." +
            std::to_string(device.driverVersion % 1000 / 10));
      result.lines.push_back(name + ": " +
                             describe(device, context.freeBytes()));
      if (std::string problem = cuda::obstacle(device); !problem.empty())
        throw Error(problem);
      if (bundle)
        examineOn(context, *bundle, arch, name, result.lines);
      result.ok = true;
    } catch (const Error &error) {
      result.lines.push_back("  not usable: " + std::string(error.what()));
    }
  }
  return result;
}

Diagnosis runtime::examine(const std::string &path, const std::string &arch) {
  Diagnosis result;
  result.lines.push_back("CPU: " + cpuName());
  std::string ptxas = findTool("ptxas");
  result.lines.push_back("ptxas: " + (ptxas.empty()
                                          ? "none; amk-compile writes PTX, "
                                            "which the driver assembles"
                                          : ptxas));
  Bundle bundle;
  if (!path.empty())
    bundle = Bundle::open(path);
  bool isForGpu = !path.empty() && bundle.manifest.gpu;
  if (!path.empty())
    result.lines.push_back(path + ": for " + (isForGpu ? "CUDA" : "the CPU") +
                           ", " + std::to_string(bundle.manifest.workers) +
                           " workers, schedule verified");
  Diagnosis gpus = examineGpus(isForGpu ? &bundle : nullptr, arch);
  result.lines.insert(result.lines.end(), gpus.lines.begin(),
                      gpus.lines.end());
  result.ok = gpus.ok;
  if (!path.empty() && !isForGpu) {
    size_t index =
        selectCodeObject(bundle.manifest, bundle.pathOf("manifest.json"));
    result.lines.push_back("code: " + bundle.manifest.code[index].file +
                           " (the last that this CPU runs)");
    result.ok = true;
  }
  return result;
}
