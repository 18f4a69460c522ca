//===- amk-gpu-racecheck.cpp - What racecheck makes of a ring -------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   amk-gpu-racecheck [--list | --ptx VARIANT | VARIANT...]
//
// The ring of docs/GpuKernel.md 1.2 on its own, with one warp that fills slots
// and two that read them, in variants that differ in one thing each. Run under
// compute-sanitizer --tool racecheck (racecheck.sh does it for each variant),
// they tell what that tool reports about the protocol from what it does not
// follow. Without the tool it checks sums. Exit status: 0 passed, 1 failed, 77
// no GPU for it.
//
//===----------------------------------------------------------------------===//

#include "Runtime/Cuda/Driver.h"
#include "amk/Support/Error.h"

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

using namespace amk;
using namespace amk::runtime;

static constexpr uint32_t kSlots = 4, kStageBytes = 1024, kThreads = 96;
static constexpr uint32_t kConsumers = 64;
static constexpr uint32_t kSharedBytes = kSlots * kStageBytes + kSlots * 16;

namespace {

enum class Copy { Bulk, Store };
/// Who executes fence.proxy.async between a slot's reads and its next copy.
enum class Fence { None, Loader, Readers };
/// How a warp that has read a slot gives it back. Its lanes that store one fill
/// it the same way. The wrong ones come last.
enum class Release {
  OneLane,   ///< bar.warp.sync, then lane 0 arrives for the warp
  OneOfMask, ///< the same with a mask that ptxas does not know to be full: it
             ///< makes WARPSYNC of that, not WARPSYNC.ALL
  AllLanes,  ///< each lane arrives: the kernel's
  Early,     ///< wrong: lane 0 arrives before the warp has read
  AllEarly,  ///< wrong: each lane arrives before it has read
  Ignored,   ///< wrong: the loader does not wait for it
};

struct Variant {
  const char *name;
  Copy copy;
  Release release;
  Fence fence;
  uint32_t stages;     ///< 4: no slot is used twice
  bool barrier;        ///< all threads also meet at a barrier for each stage
  const char *meaning; ///< of hazards that racecheck reports for it

  bool isRight() const { return release < Release::Early; }
  bool arrivesEarly() const {
    return release == Release::Early || release == Release::AllEarly;
  }
};

constexpr Variant kVariants[] = {
    {"bulk_lane", Copy::Bulk, Release::OneLane, Fence::None, 64, false,
     "right; an arrival for each warp instead of each lane"},
    {"bulk_all", Copy::Bulk, Release::AllLanes, Fence::None, 64, false,
     "clean while bulk_lane is not: the tool misses bar.warp.sync"},
    {"bulk_mask", Copy::Bulk, Release::OneOfMask, Fence::None, 64, false,
     "clean while bulk_lane is not: the tool misses WARPSYNC.ALL only"},
    {"bulk_lane_fence", Copy::Bulk, Release::OneLane, Fence::Loader, 64, false,
     "right, by the text on proxies too"},
    {"bulk_all_fence", Copy::Bulk, Release::AllLanes, Fence::Loader, 64, false,
     "the protocol of the kernel"},
    {"bulk_all_fences", Copy::Bulk, Release::AllLanes, Fence::Readers, 64,
     false, "right; clean while bulk_all_fence is not: readers must fence"},
    {"store_lane", Copy::Store, Release::OneLane, Fence::None, 64, false,
     "right; reported: the tool misses bar.warp.sync of ordinary stores too"},
    {"store_all", Copy::Store, Release::AllLanes, Fence::None, 64, false,
     "right; the simplest form: the tool must know it"},
    {"bulk_once", Copy::Bulk, Release::OneLane, Fence::None, kSlots, false,
     "right; no slot is used twice: hazards here are write, then read"},
    {"bulk_barrier", Copy::Bulk, Release::OneLane, Fence::None, 64, true,
     "right, whatever the tool knows of mbarriers, but for proxies"},
    {"bulk_early", Copy::Bulk, Release::Early, Fence::None, 64, false,
     "WRONG, must be reported"},
    {"bulk_all_early", Copy::Bulk, Release::AllEarly, Fence::Loader, 64, false,
     "WRONG, must be reported: the kernel's but for where it arrives"},
    {"store_early", Copy::Store, Release::Early, Fence::None, 64, false,
     "WRONG, must be reported"},
    {"bulk_ignored", Copy::Bulk, Release::Ignored, Fence::None, 64, false,
     "WRONG, must be reported"},
    {"store_ignored", Copy::Store, Release::Ignored, Fence::None, 64, false,
     "WRONG, must be reported"},
};

} // namespace

//===----------------------------------------------------------------------===//
// PTX
//===----------------------------------------------------------------------===//

static const char kProxyFence[] = "  fence.proxy.async.shared::cta;\n";

/// True if 32 lanes store a slot and each of them says so.
static bool allLanesFill(const Variant &variant) {
  return variant.copy == Copy::Store && variant.release == Release::AllLanes;
}

static bool allLanesArrive(const Variant &variant) {
  return variant.release == Release::AllLanes ||
         variant.release == Release::AllEarly;
}

/// Waits for a barrier's phase. The wrong variants may wait for one that is
/// long over, which looks like one to come: they give up.
static std::string waitFor(const char *label, const char *barrier,
                           const Variant &variant) {
  std::string end = std::string(label) + "_end";
  return std::string("  mov.u32 %tries, 0;\n") + label +
         ":\n  mbarrier.try_wait.parity.shared::cta.b64 %done, [" + barrier +
         "], %parity;\n  @%done bra " + end +
         ";\n  add.u32 %tries, %tries, 1;\n  setp.lt.u32 %more, %tries, " +
         (variant.isRight() ? "1000000" : "64") + ";\n  @%more bra " + label +
         ";\n" + end + ":\n";
}

/// Of stage %i: its slot, its barriers and the parity of its use.
static const char kPlaceOfStage[] = R"(
  and.b32 %slot, %i, 3;
  shl.b32 %at, %slot, 10;
  add.u32 %at, %at, %ring;
  shl.b32 %full, %slot, 3;
  add.u32 %full, %full, %barriers;
  add.u32 %empty, %full, 32;
  shr.u32 %parity, %i, 2;
  and.b32 %parity, %parity, 1;
)";

static const char kBegin[] = R"((
  .param .u64 param_in, .param .u64 param_out, .param .u64 param_stages,
  .param .u64 param_mask)
{
  .reg .pred %done, %more, %first, %loads, %p;
  .reg .b32 %thread, %lane, %warp, %i, %stages, %slot, %at, %ring, %barriers;
  .reg .b32 %full, %empty, %parity, %tries, %sum, %v<4>, %part, %mask;
  .reg .b64 %in, %out, %from, %state, %offset;

  ld.param.u64 %in, [param_in];
  ld.param.u64 %out, [param_out];
  ld.param.u32 %stages, [param_stages];
  ld.param.u32 %mask, [param_mask];
  mov.u32 %ring, shared;
  add.u32 %barriers, %ring, 4096;
  mov.u32 %thread, %tid.x;
  and.b32 %lane, %thread, 31;
  shr.u32 %warp, %thread, 5;
  setp.eq.u32 %first, %lane, 0;
  setp.eq.u32 %loads, %warp, 2;
  mov.u32 %i, 0;
  mov.u32 %sum, 0;

  // full: the loader arrives. empty: the readers do.
  setp.ne.u32 %p, %thread, 0;
  @%p bra initialised;
)";

static std::string initialise(const Variant &variant) {
  std::string text;
  const char *readers = allLanesArrive(variant) ? "64" : "2";
  const char *writers = allLanesFill(variant) ? "32" : "1";
  for (uint32_t slot = 0; slot != kSlots; ++slot) {
    std::string at = "[%barriers+" + std::to_string(8 * slot);
    text += "  mbarrier.init.shared::cta.b64 " + at + "], " + writers + ";\n" +
            "  mbarrier.init.shared::cta.b64 " + at + "+32], " + readers +
            ";\n";
  }
  return text + "  fence.mbarrier_init.release.cluster;\n"
                "initialised:\n  bar.sync 0;\n  @%loads bra load;\n";
}

static std::string consumer(const Variant &variant) {
  std::string arrive = allLanesArrive(variant) ? "  " : "  @%first ";
  arrive += "mbarrier.arrive.shared::cta.b64 %state, [%empty];\n";
  std::string text = std::string("read:") + kPlaceOfStage +
                     waitFor("wait_full", "%full", variant);
  if (variant.arrivesEarly())
    text += arrive;
  text += R"(
  // 16 bytes a lane, 512 a warp
  shl.b32 %part, %thread, 4;
  add.u32 %at, %at, %part;
  ld.shared.v4.b32 {%v0, %v1, %v2, %v3}, [%at];
  add.u32 %sum, %sum, %v0;
  add.u32 %sum, %sum, %v1;
  add.u32 %sum, %sum, %v2;
  add.u32 %sum, %sum, %v3;
)";
  if (variant.fence == Fence::Readers)
    text += kProxyFence;
  if (!allLanesArrive(variant) && !variant.arrivesEarly())
    text += std::string("  bar.warp.sync ") +
            (variant.release == Release::OneOfMask ? "%mask" : "0xffffffff") +
            ";\n";
  if (!variant.arrivesEarly())
    text += arrive;
  if (variant.barrier)
    text += "  barrier.sync 0;\n";
  return text + R"(
  add.u32 %i, %i, 1;
  setp.lt.u32 %p, %i, %stages;
  @%p bra read;
  mul.wide.u32 %offset, %thread, 4;
  add.u64 %out, %out, %offset;
  st.global.b32 [%out], %sum;
  bra end;

)";
}

/// Lane 0 copies the stage with one instruction, once at most two are on their
/// way.
static std::string bulkCopy(const Variant &variant) {
  return std::string(R"(
  setp.lt.u32 %p, %i, 2;
  @%p bra paced;
  sub.u32 %i, %i, 2;
)") + kPlaceOfStage +
         waitFor("wait_copy", "%full", variant) +
         "  add.u32 %i, %i, 2;\npaced:" + kPlaceOfStage + R"(
  mul.wide.u32 %offset, %i, 1024;
  add.u64 %from, %in, %offset;
  mbarrier.arrive.expect_tx.shared::cta.b64 %state, [%full], 1024;
  cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%at], [%from], 1024, [%full];
)";
}

/// All lanes copy 32 bytes each.
static const char kStoreCopy[] = R"(
  mul.wide.u32 %offset, %i, 1024;
  add.u64 %from, %in, %offset;
  mul.wide.u32 %offset, %lane, 16;
  add.u64 %from, %from, %offset;
  shl.b32 %part, %lane, 4;
  add.u32 %at, %at, %part;
  ld.global.v4.b32 {%v0, %v1, %v2, %v3}, [%from];
  st.shared.v4.b32 [%at], {%v0, %v1, %v2, %v3};
  ld.global.v4.b32 {%v0, %v1, %v2, %v3}, [%from+512];
  st.shared.v4.b32 [%at+512], {%v0, %v1, %v2, %v3};
)";

/// After the wait for the readers, a fence for both proxies: what is before it,
/// the reads included, is ordered before copies after it.
static std::string loader(const Variant &variant) {
  bool isBulk = variant.copy == Copy::Bulk;
  std::string text = "load:\n";
  if (isBulk)
    text += "  @!%first bra loaded;\n";
  text += kPlaceOfStage;
  if (variant.release != Release::Ignored)
    text += "  setp.lt.u32 %p, %i, 4;\n  @%p bra free;\n"
            "  xor.b32 %parity, %parity, 1;\n" + // of the use before
            waitFor("wait_empty", "%empty", variant) +
            "free:\n";
  if (variant.fence == Fence::Loader)
    text += kProxyFence;
  text += isBulk ? bulkCopy(variant) : kStoreCopy;
  if (!isBulk)
    text += std::string(allLanesFill(variant)
                            ? "  "
                            : "  bar.warp.sync 0xffffffff;\n  @%first ") +
            "mbarrier.arrive.shared::cta.b64 %state, [%full];\n";
  text += "loaded:\n";
  if (variant.barrier)
    text += "  barrier.sync 0;\n";
  text += R"(
  add.u32 %i, %i, 1;
  setp.lt.u32 %p, %i, %stages;
  @%p bra load;
)";
  if (!isBulk)
    return text;
  // No copy may outlive the block.
  return text + "  @!%first bra end;\n  sub.u32 %i, %stages, 2;\n" +
         kPlaceOfStage + waitFor("wait_last_but_one", "%full", variant) +
         "  add.u32 %i, %i, 1;\n" + kPlaceOfStage +
         waitFor("wait_last", "%full", variant);
}

static std::string ptxOf(const Variant &variant) {
  return std::string(".version 8.0\n.target sm_90\n.address_size 64\n"
                     ".extern .shared .align 128 .b8 shared[];\n"
                     ".visible .entry ") +
         variant.name + kBegin + initialise(variant) + consumer(variant) +
         loader(variant) + "end:\n  barrier.sync 0;\n  ret;\n}\n";
}

//===----------------------------------------------------------------------===//
// Host
//===----------------------------------------------------------------------===//

/// True if every sum is right, which says something only where the variant is.
static bool run(const Variant &variant) {
  cuda::Module module(ptxOf(variant), variant.name);
  cuda::Function kernel = module.function(variant.name);
  std::vector<uint32_t> words(variant.stages * kStageBytes / 4);
  std::vector<uint32_t> expected(kConsumers), sums(kConsumers);
  for (uint32_t i = 0; i != words.size(); ++i) {
    words[i] = i * 2654435761u;
    expected[i % (kStageBytes / 4) / 4] += words[i];
  }
  cuda::DeviceBuffer in(words.size() * 4, "stages");
  cuda::DeviceBuffer out(sums.size() * 4, "sums");
  in.upload(words.data());
  cuda::launch(kernel, 1, kThreads, kSharedBytes,
               {in.address(), out.address(), variant.stages, ~uint32_t(0)});
  out.download(sums.data());
  bool equal = sums == expected;
  std::printf("%-15s %s: sums are %s\n", variant.name, variant.meaning,
              equal ? "right" : "wrong");
  std::fflush(stdout);
  return equal || !variant.isRight();
}

static const Variant &find(const char *name) {
  for (const Variant &variant : kVariants)
    if (std::strcmp(variant.name, name) == 0)
      return variant;
  fail(name, "found no variant of that name, expected one of --list");
}

static int runAll(const std::vector<const Variant *> &variants) {
  std::string why;
  if (!cuda::available(&why)) {
    std::printf("skipped: %s\n", why.c_str());
    return 77;
  }
  cuda::Context context;
  if (context.device().major < 9) {
    std::printf("skipped: %s has no bulk copies\n",
                context.device().name.c_str());
    return 77;
  }
  bool passed = true;
  for (const Variant *variant : variants)
    passed &= run(*variant);
  return passed ? 0 : 1;
}

int main(int argc, char **argv) {
  try {
    std::string option = argc > 1 ? argv[1] : "";
    if (option == "--list") {
      for (const Variant &variant : kVariants)
        std::printf("%s\n", variant.name);
      return 0;
    }
    if (option == "--ptx" && argc == 3) {
      std::fputs(ptxOf(find(argv[2])).c_str(), stdout);
      return 0;
    }
    std::vector<const Variant *> variants;
    for (int i = 1; i < argc; ++i)
      variants.push_back(&find(argv[i]));
    if (variants.empty())
      for (const Variant &variant : kVariants)
        variants.push_back(&variant);
    return runAll(variants);
  } catch (const Error &error) {
    std::fprintf(stderr, "amk-gpu-racecheck: error: %s\n", error.what());
    return 1;
  }
}
