//===- CudaEngine.cpp - A model in the memory of a GPU --------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loading; CudaLaunch.cpp runs the kernel.
//
//===----------------------------------------------------------------------===//

#include "CudaEngine.h"
#include "Upload.h"
#include "amk/Support/Error.h"
#include "amk/Support/Hash.h"
#include "amk/Support/Json.h"

#include <algorithm>
#include <numeric>

using namespace amk;
using namespace amk::runtime;
using namespace amk::runtime::cuda;

static constexpr double kDefaultWaitTimeout = 2;
static constexpr uint64_t kUploadBuffer = 64ull << 20;
static constexpr uint64_t kMaxCodeBytes = 1ull << 30;
/// Of streams and of workers' parts of the cache. What bulk copies need is 16.
static constexpr uint64_t kAlignment = 512;
/// Most of the free memory that a session takes when nobody says how much.
static constexpr double kShareOfFree = 0.9;

static uint64_t align(uint64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

std::unique_ptr<Module> cuda::loadCode(const Bundle &bundle,
                                       const CodeInfo &code) {
  std::string path = bundle.pathOf(code.file);
  std::string bytes = readFile(path, kMaxCodeBytes);
  std::string hash = hex64(fnv1a(bytes));
  if (hash != code.hash)
    fail(path, "hash: found " + hash + ", expected " + code.hash +
                   " (damaged file)");
  return std::make_unique<Module>(bytes, path);
}

void cuda::checkResidency(const Context &context, const Function &kernel,
                          const GpuCodeInfo &code, uint32_t workers,
                          const std::string &where) {
  const DeviceInfo &device = context.device();
  if (std::string problem = obstacle(device); !problem.empty())
    fail(where, problem);
  int blocks = kernel.blocksPerMultiprocessor(abi::kGpuThreads,
                                              code.sharedBytes);
  uint64_t room = uint64_t(std::max(blocks, 0)) * device.multiprocessors;
  if (room >= workers)
    return;
  fail(where, "workers: found " + std::to_string(workers) +
                  " in the bundle, expected at most " + std::to_string(room) +
                  ", which " + device.name + " holds at once (" +
                  std::to_string(device.multiprocessors) +
                  " multiprocessors x " + std::to_string(blocks) +
                  " blocks); compile with --workers " +
                  std::to_string(std::max<uint64_t>(room, 1)));
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

static uint64_t countKVRuns(const schedule::Tables &tables) {
  return std::count_if(tables.instructions.begin(), tables.instructions.end(),
                       [](const abi::Instruction &in) {
                         return in.stageCount == 0 && in.stageBytes != 0;
                       });
}

MemoryPlan cuda::planMemory(const Bundle &bundle, uint32_t requested,
                            uint64_t freeBytes, const std::string &where) {
  const Manifest &manifest = bundle.manifest;
  const schedule::Tables &tables = bundle.tables;
  MemoryPlan plan;
  for (uint64_t bytes : bundle.streamBytes)
    plan.fixedBytes += align(bytes);
  for (uint32_t tensor : manifest.externals)
    plan.fixedBytes += align(manifest.tensors[tensor].bytes());
  plan.fixedBytes +=
      align(manifest.memory.arenaBytes) + align(manifest.memory.constantBytes) +
      tables.instructions.size() * sizeof(abi::DeviceInstruction) +
      tables.counters.size() * abi::kCounterStride +
      uint64_t(manifest.model.maxContext) * sizeof(int32_t);
  uint64_t room = static_cast<uint64_t>(kShareOfFree * freeBytes);
  if (requested)
    room = freeBytes;
  uint64_t runs = countKVRuns(tables);
  auto bytesFor = [&](uint64_t context) {
    return runs * kvRunBytes(manifest, tables, context) +
           manifest.workers * kAlignment;
  };
  auto fits = [&](uint64_t context) {
    return plan.fixedBytes <= room &&
           bytesFor(context) <= room - plan.fixedBytes;
  };
  // The largest context that fits: bytes grow with it.
  uint32_t low = 0, high = manifest.model.maxContext;
  while (low < high) {
    uint32_t middle = low + (high - low + 1) / 2;
    if (fits(middle))
      low = middle;
    else
      high = middle - 1;
  }
  if (requested > manifest.model.maxContext)
    fail(where, "context: found " + std::to_string(requested) +
                    ", expected at most max_context " +
                    std::to_string(manifest.model.maxContext));
  if (low == 0 || requested > low)
    fail(where,
         "memory: " + std::to_string(freeBytes) + " bytes are free; weights " +
             "and activations take " + std::to_string(plan.fixedBytes) +
             ", the KV cache of " +
             std::to_string(requested ? requested : 1) + " positions " +
             std::to_string(bytesFor(requested ? requested : 1)) +
             (low ? "; a context of " + std::to_string(low) + " would fit"
                  : ""));
  plan.context = requested ? requested : low;
  plan.kvBytes = bytesFor(plan.context);
  return plan;
}

DeviceBuffer &CudaEngine::newBuffer(uint64_t bytes,
                                    const std::string &purpose) {
  buffers.emplace_back(bytes, purpose);
  return buffers.back();
}

template <typename T>
uint64_t CudaEngine::uploadArray(const std::vector<T> &array,
                                 const std::string &purpose) {
  DeviceBuffer &buffer = newBuffer(array.size() * sizeof(T), purpose);
  if (!array.empty())
    buffer.upload(array.data());
  return buffer.address();
}

/// Places of `bytes` one after the other from `base`.
static std::vector<uint64_t> placesOf(const std::vector<uint64_t> &bytes,
                                      uint64_t base) {
  std::vector<uint64_t> places;
  for (uint64_t size : bytes) {
    places.push_back(base);
    base += align(size);
  }
  return places;
}

static uint64_t alignedSum(const std::vector<uint64_t> &bytes) {
  return std::accumulate(
      bytes.begin(), bytes.end(), uint64_t(0),
      [](uint64_t sum, uint64_t size) { return sum + align(size); });
}

void CudaEngine::allocate(Weights &weights, const ProgressFn &progress) {
  const Manifest &manifest = bundle.manifest;
  streamAddresses =
      placesOf(bundle.streamBytes,
               newBuffer(alignedSum(bundle.streamBytes), "weights").address());
  Uploader uploader(kUploadBuffer);
  uploader.addWeights(bundle, weights, streamAddresses, progress);
  std::vector<uint64_t> externals;
  for (uint32_t tensor : manifest.externals) {
    const TensorSpec &spec = manifest.tensors[tensor];
    externals.push_back(newBuffer(spec.bytes(), spec.name).address());
    uploader.add(externals.back(), weights.whole(tensor), spec.bytes());
  }
  Buffer constants = buildConstants(manifest, weights);
  args.constants = newBuffer(constants.size(), "constants").address();
  uploader.add(args.constants, constants.data(), constants.size());
  uploader.finish();
  args.externals = uploadArray(externals, "addresses of tensors");

  args.arena =
      newBuffer(manifest.memory.arenaBytes, "activations").address();
  std::vector<uint64_t> workerBytes;
  for (uint32_t worker = 0; worker < manifest.workers; ++worker)
    workerBytes.push_back(tables.kvBytes(worker));
  kvBytes = alignedSum(workerBytes);
  kvBase = newBuffer(kvBytes, "KV cache").address();
  kvAddresses = placesOf(workerBytes, kvBase);
  uint64_t positions = uint64_t(manifest.model.maxContext) + 1;
  args.tokens = newBuffer(positions * sizeof(int32_t), "tokens").address();

  uint64_t words = uint64_t(maxSteps(/*withLogits=*/false)) * sizeof(uint64_t);
  hostTokens = std::make_unique<PinnedBuffer>(words, "tokens for the host");
  hostPrompt = std::make_unique<PinnedBuffer>(positions * sizeof(int32_t),
                                              "tokens of the prompt");
  // One to the device, then a control block and a report from it.
  hostControl =
      std::make_unique<PinnedBuffer>(3 * sizeof(abi::Control), "control");
}

void CudaEngine::fillCache() {
  gpu.makeCurrent();
  stream.synchronize("launch");
  Uploader uploader(kUploadBuffer);
  uploader.addNoise(kvBase, kvBytes);
  uploader.finish();
}

void CudaEngine::uploadTables() {
  args.stopTokens =
      uploadArray(bundle.manifest.model.eosTokenIds, "stop tokens");
  uint64_t instructions = uploadArray(tables.instructions, "instructions");
  std::vector<abi::DeviceQueue> queues;
  for (uint32_t worker = 0; worker < tables.workers.size(); ++worker) {
    const DeviceTables::Worker &range = tables.workers[worker];
    queues.push_back(
        {instructions + range.begin * sizeof(abi::DeviceInstruction),
         streamAddresses[worker], kvAddresses[worker], range.count,
         range.kvRuns});
  }
  args.queues = uploadArray(queues, "queues");
}

/// What no launch changes.
void CudaEngine::bindArguments() {
  // Control, report, counters: one range to clear.
  uint64_t counterBytes =
      bundle.tables.counters.size() * uint64_t(abi::kCounterStride);
  launchStateBytes = 2 * sizeof(abi::Control) + counterBytes;
  static_assert(sizeof(abi::WaitReport) <= sizeof(abi::Control));
  launchState = newBuffer(launchStateBytes, "control").address();
  args.control = launchState;
  args.report = launchState + sizeof(abi::Control);
  args.counters = launchState + 2 * sizeof(abi::Control);
  args.hostTokens = hostTokens->deviceAddress();
  args.waitNanoseconds = static_cast<uint64_t>(waitTimeout * 1e9);
  args.workers = bundle.manifest.workers;
  args.tagStride = static_cast<uint32_t>(bundle.tables.tags.stride);
  args.vocab = bundle.manifest.model.vocabSize;
  args.instructionCount =
      static_cast<uint32_t>(bundle.tables.instructions.size());
}

void CudaEngine::loadKernel(const std::string &arch, bool trace) {
  std::string where = bundle.pathOf("manifest.json");
  CodeChoice choice =
      chooseCode(bundle.manifest, gpu.device(), arch, where, trace);
  const CodeInfo &info = bundle.manifest.code[choice.index];
  archName = info.arch;
  code = *info.gpu;
  module = loadCode(bundle, info);
  kernel = module->function(abi::kGpuEntryName);
  checkResidency(gpu, kernel, code, bundle.manifest.workers, deviceName);
}

CudaEngine::CudaEngine(const Bundle &bundle, Weights &weights,
                       const SessionOptions &options, int ordinal)
    : bundle(bundle), deviceName("cuda:" + std::to_string(ordinal)),
      gpu(ordinal), waitTimeout(chooseWaitTimeout(options.waitTimeoutSeconds,
                                                  kDefaultWaitTimeout)) {
  // What can be refused is refused before anything large is moved.
  loadKernel(options.arch, options.trace);
  memory = planMemory(bundle, options.context, gpu.freeBytes(), deviceName);
  std::string file = bundle.pathOf(bundle.manifest.tablesFile);
  tables = encodeDeviceTables(bundle.manifest, bundle.tables, memory.context,
                              file);
  checkDeviceTables(tables, bundle.manifest, bundle.tables, file);
  allocate(weights, options.progress);
  uploadTables();
  bindArguments();
}

CudaEngine::~CudaEngine() {
  try {
    gpu.makeCurrent(); // this may be another thread than the constructor's
    stream.synchronize("launch");
  } catch (const Error &) {
    // The context is lost and its memory with it.
  }
}

std::unique_ptr<Engine> cuda::makeEngine(const Bundle &bundle, Weights &weights,
                                         const SessionOptions &options,
                                         int ordinal) {
  return std::make_unique<CudaEngine>(bundle, weights, options, ordinal);
}
