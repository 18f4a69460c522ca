//===- Bundle.cpp - A compiled model on disk, checked ---------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Bundle.h"
#include "BundleProofs.h"
#include "Cuda/DeviceTables.h"
#include "amk/Runtime/Packing.h"
#include "amk/Schedule/RingTemplate.h"
#include "amk/Schedule/Verifier.h"
#include "amk/Support/Error.h"
#include "amk/Support/Hash.h"
#include "amk/Support/Json.h"
#include "amk/Support/Sha256.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <sys/stat.h>

using namespace amk;
using namespace amk::runtime;

static constexpr uint64_t kMaxManifestBytes = 64ull << 20;
static constexpr uint64_t kStreamAlignment = 64;
/// Together they keep counter values of many steps within 31 bits.
static constexpr uint32_t kMaxPerStep = 1u << 24;
static constexpr int32_t kMaxThreshold = 1 << 30;

static std::string quantity(const std::string &field, uint64_t found,
                            const std::string &expected) {
  return field + ": found " + std::to_string(found) + ", expected " + expected;
}

static std::string element(const std::string &section, size_t index,
                           const std::string &field) {
  return section + "[" + std::to_string(index) + "]." + field;
}

/// Segments of one worker may not share bytes.
static void checkSegmentsDisjoint(const schedule::Tables &tables,
                                  const std::string &file) {
  std::vector<size_t> order(tables.segments.size());
  for (size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const abi::PackSegment &x = tables.segments[a], &y = tables.segments[b];
    return x.worker != y.worker ? x.worker < y.worker
                                : x.streamOffset < y.streamOffset;
  });
  for (size_t i = 1; i < order.size(); ++i) {
    const abi::PackSegment &a = tables.segments[order[i - 1]];
    const abi::PackSegment &b = tables.segments[order[i]];
    if (a.worker == b.worker && a.streamOffset + a.bytes > b.streamOffset)
      fail(file, quantity(element("segments", order[i], "streamOffset"),
                          b.streamOffset,
                          "no overlap with segments[" +
                              std::to_string(order[i - 1]) + "]"));
  }
}

static void checkSegment(const Manifest &manifest,
                         const abi::PackSegment &segment,
                         const std::string &where) {
  if (segment.worker >= manifest.workers)
    fail(where, quantity("worker", segment.worker,
                         "less than " + std::to_string(manifest.workers)));
  auto layout = static_cast<abi::PackLayout>(segment.layout);
  if (!manifest.gpu && layout != abi::PackLayout::RowInterleaved32)
    fail(where, quantity("layout", segment.layout,
                         "0 (RowInterleaved32): the bundle is for the CPU"));
  SegmentShape shape = segmentShape(segment, manifest.tensors, where);
  if (segment.bytes != shape.bytes)
    fail(where, quantity("bytes", segment.bytes,
                         std::to_string(shape.bytes) +
                             " from the shape of its tensors"));
  if (segment.streamOffset % kStreamAlignment != 0 ||
      segment.streamOffset > kMaxBytes)
    fail(where, quantity("streamOffset", segment.streamOffset,
                         "a multiple of 64 up to 2^42"));
}

/// The runtime allocates what the manifest says, and the verifier believes what
/// the tables say.
static void checkSpaces(const Manifest &manifest,
                        const schedule::Tables &tables,
                        const std::string &file) {
  const MemoryInfo &memory = manifest.memory;
  std::pair<abi::Space, uint64_t> sizes[] = {
      {abi::Space::Arena, memory.arenaBytes},
      {abi::Space::KVCache, memory.kvBytes},
      {abi::Space::IO, memory.ioBytes}};
  auto isShared = [&](const abi::SpaceInfo &space) {
    return manifest.gpu &&
           space.space == static_cast<uint32_t>(abi::Space::Shared);
  };
  size_t count = tables.spaces.size() -
                 std::count_if(tables.spaces.begin(), tables.spaces.end(),
                               isShared);
  // Decoding has made sure that none is there twice.
  if (count != std::size(sizes))
    fail(file, quantity("spaces.count", count,
                        "3 (arena, kv, io): this runtime has no others"));
  for (size_t i = 0; i < tables.spaces.size(); ++i) {
    const abi::SpaceInfo &space = tables.spaces[i];
    if (isShared(space))
      continue; // within limitSharedBytes, which the verifier looks after
    auto it = std::find_if(std::begin(sizes), std::end(sizes), [&](auto &size) {
      return static_cast<uint32_t>(size.first) == space.space;
    });
    if (it == std::end(sizes))
      fail(file, quantity(element("spaces", i, "space"), space.space,
                          "0 (arena), 1 (kv) or 5 (io)"));
    if (space.bytes != it->second)
      fail(file, quantity(element("spaces", i, "bytes"), space.bytes,
                          std::to_string(it->second) + " as in the manifest"));
  }
}

/// What the host does with the io space depends on its layout.
static void checkIOBuffer(const abi::BufferInfo &buffer, uint64_t ioBytes,
                          const std::string &where) {
  using Layout = abi::IOLayout;
  bool isLogits = buffer.offset == Layout::kLogits;
  if (!isLogits && buffer.offset != Layout::kToken &&
      buffer.offset != Layout::kControl)
    fail(where, quantity("offset", buffer.offset,
                         "0 (token), 64 (control) or 128 (logits)"));
  auto kind = static_cast<uint32_t>(isLogits ? abi::BufferKind::Output
                                             : abi::BufferKind::Carried);
  if (buffer.kind != kind)
    fail(where, quantity("kind", buffer.kind, std::to_string(kind)));
  uint64_t room =
      isLogits ? ioBytes - Layout::kLogits : Layout::kControl - Layout::kToken;
  if (isLogits ? buffer.bytes != room : buffer.bytes > room)
    fail(where, quantity("bytes", buffer.bytes,
                         (isLogits ? "" : "at most ") + std::to_string(room)));
}

/// A buffer of the wrong kind would be held to the wrong rules.
static void checkBuffers(const Manifest &manifest,
                         const schedule::Tables &tables,
                         const std::string &file) {
  bool hasLogits = false;
  for (size_t i = 0; i < tables.buffers.size(); ++i) {
    const abi::BufferInfo &buffer = tables.buffers[i];
    auto space = static_cast<abi::Space>(tables.spaces[buffer.space].space);
    if (space == abi::Space::IO) {
      checkIOBuffer(buffer, manifest.memory.ioBytes,
                    file + ": buffers[" + std::to_string(i) + "]");
      hasLogits |= buffer.offset == abi::IOLayout::kLogits;
      continue;
    }
    if (space == abi::Space::Shared)
      continue; // private to its worker: the verifier's rules suffice
    bool isArena = space == abi::Space::Arena;
    auto kind = static_cast<uint32_t>(isArena ? abi::BufferKind::Scratch
                                              : abi::BufferKind::Carried);
    if (buffer.kind != kind)
      fail(file,
           quantity(element("buffers", i, "kind"), buffer.kind,
                    std::to_string(kind) +
                        (isArena ? " in the arena" : " in the KV cache")));
  }
  if (!hasLogits)
    fail(file, "buffers: found none at byte 128 of the io space, expected the "
               "logits");
}

/// The CPU's kernel has no loaders, tags and barriers. What a GPU's has no room
/// for is refused where the tables are encoded for it.
static void checkAgents(const Manifest &manifest,
                        const schedule::Tables &tables,
                        const std::string &file) {
  if (manifest.gpu)
    return;
  for (size_t i = 0; i < tables.queues.size(); ++i)
    if (tables.queues[i].role != static_cast<uint32_t>(abi::Role::Compute))
      fail(file, quantity(element("queues", i, "role"), tables.queues[i].role,
                          "0 (compute): this runtime has no loaders"));
  for (size_t i = 0; i < tables.counters.size(); ++i)
    if (tables.counters[i].protocol !=
        static_cast<uint32_t>(abi::Protocol::Release))
      fail(file, quantity(element("counters", i, "protocol"),
                          tables.counters[i].protocol,
                          "0 (release): this runtime has no other counters"));
}

std::vector<uint64_t> amk::runtime::crossCheck(const Manifest &manifest,
                                               const schedule::Tables &tables,
                                               const std::string &file) {
  if (tables.workers != manifest.workers)
    fail(file,
         quantity("workers", tables.workers,
                  std::to_string(manifest.workers) + " as in the manifest"));
  checkAgents(manifest, tables, file);
  checkSpaces(manifest, tables, file);
  checkBuffers(manifest, tables, file);
  for (size_t i = 0; i < tables.instructions.size(); ++i)
    if (tables.instructions[i].operandCount > abi::kMaxOperands)
      fail(file, quantity(element("instructions", i, "operandCount"),
                          tables.instructions[i].operandCount,
                          "at most " + std::to_string(abi::kMaxOperands)));
  for (size_t i = 0; i < tables.counters.size(); ++i)
    if (tables.counters[i].perStep > kMaxPerStep)
      fail(file, quantity(element("counters", i, "perStep"),
                          tables.counters[i].perStep,
                          "at most " + std::to_string(kMaxPerStep)));
  for (size_t i = 0; i < tables.waits.size(); ++i)
    if (tables.waits[i].threshold > kMaxThreshold)
      fail(file,
           quantity(element("waits", i, "threshold"), tables.waits[i].threshold,
                    "at most " + std::to_string(kMaxThreshold)));

  std::vector<uint64_t> streamBytes(manifest.workers);
  for (size_t i = 0; i < tables.segments.size(); ++i) {
    const abi::PackSegment &segment = tables.segments[i];
    checkSegment(manifest, segment,
                 file + ": segments[" + std::to_string(i) + "]");
    uint64_t &bytes = streamBytes[segment.worker];
    bytes = std::max(bytes, segment.streamOffset + segment.bytes);
  }
  checkSegmentsDisjoint(tables, file);
  if (manifest.gpu) {
    // The longest context has the largest of all device forms.
    cuda::DeviceTables device = cuda::encodeDeviceTables(
        manifest, tables, manifest.model.maxContext, file);
    cuda::checkDeviceTables(device, manifest, tables, file);
  }
  return streamBytes;
}

static bool verificationSkipped() {
#ifdef AMK_TEST_HOOKS
  const char *skip = std::getenv("AMK_TEST_SKIP_VERIFY");
  return skip && std::string(skip) == "1";
#else
  return false;
#endif
}

void runtime::verifyTables(const schedule::Tables &tables,
                           const std::string &file) {
  if (verificationSkipped())
    return;
  schedule::Program program = schedule::programFromTables(tables);
  std::vector<schedule::Violation> violations = schedule::verify(program);
  if (violations.empty())
    return;
  std::string text = "the schedule is not safe to run";
  for (const schedule::Violation &violation : violations)
    text += "\n" + schedule::render(program, violation);
  fail(file, text);
}

std::string Bundle::pathOf(const std::string &file) const {
  return directory + "/" + file;
}

std::string runtime::proofKey(const std::string &tablesBytes) {
  static const std::string verifier =
#include "VerifierId.inc"
      ;
  Sha256 hash;
  hash.add("amk tables, verifier " + verifier + "\n");
  hash.add(tablesBytes);
  return hash.finish();
}

/// The ring is not in the tables: its safety follows from two numbers of the
/// code, whatever the schedule.
static void verifyRings(const Manifest &manifest, const std::string &file) {
  if (verificationSkipped())
    return;
  for (size_t i = 0; i < manifest.code.size(); ++i) {
    const CodeInfo &code = manifest.code[i];
    if (!code.gpu)
      continue;
    if (std::optional<std::string> why =
            schedule::checkRing(code.gpu->stages, code.gpu->inFlight))
      fail(file, "code[" + std::to_string(i) + "]: " + *why);
  }
}

/// Like verifyTables(), unless it is known that `bytes` hold a safe schedule.
static void verifyOnce(const schedule::Tables &tables, const std::string &bytes,
                       const std::string &file) {
  if (!mayRememberProofs() || verificationSkipped())
    return verifyTables(tables, file);
  std::string key = proofKey(bytes);
  if (isProvenSafe(key))
    return;
  verifyTables(tables, file);
  rememberProof(key);
}

/// Everything but the proof. `bytes` becomes the content of the tables.
static Bundle readBundle(const std::string &directory, std::string &bytes) {
  struct stat info;
  if (stat(directory.c_str(), &info) != 0 || !S_ISDIR(info.st_mode))
    fail(directory, "not a directory, expected a bundle of amk-compile");
  Bundle bundle;
  bundle.directory = directory;
  std::string manifestPath = bundle.pathOf("manifest.json");
  bundle.manifest =
      parseManifest(readFile(manifestPath, kMaxManifestBytes), manifestPath);

  std::string tablesPath = bundle.pathOf(bundle.manifest.tablesFile);
  bytes = readFile(tablesPath, kMaxTablesBytes);
  std::string hash = hex64(fnv1a(bytes));
  if (hash != bundle.manifest.tablesHash)
    fail(tablesPath, "hash: found " + hash + ", expected " +
                         bundle.manifest.tablesHash + " (damaged file)");
  bundle.tables = schedule::decodeTables(bytes, tablesPath);
  bundle.streamBytes = crossCheck(bundle.manifest, bundle.tables, tablesPath);
  return bundle;
}

Bundle Bundle::read(const std::string &directory) {
  std::string bytes;
  return readBundle(directory, bytes);
}

Bundle Bundle::open(const std::string &directory) {
  std::string bytes;
  Bundle bundle = readBundle(directory, bytes);
  // The artefact about to be launched is verified, not the IR it came from.
  verifyOnce(bundle.tables, bytes, bundle.pathOf(bundle.manifest.tablesFile));
  verifyRings(bundle.manifest, bundle.pathOf("manifest.json"));
  return bundle;
}
