//===- Options.cpp - Command line of amk-compile --------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Options.h"
#include "amk/Conversion/GpuArchs.h"
#include "amk/Runtime/LocalGpu.h"
#include "amk/Support/Abi.h"
#include "amk/Support/Error.h"
#include "amk/Support/GpuLayout.h"
#include "amk/Support/Version.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Threading.h"
#include "llvm/Support/raw_ostream.h"

#include <functional>
#include <limits>

using namespace amk;
using namespace amk::tool;
using namespace mlir::amk;
namespace cl = llvm::cl;

/// Multiprocessors of an H100 or H200.
static constexpr unsigned kGpuWorkers = 132;

/// The passes, or the model, set the limit.
static constexpr unsigned kAnyNumber = std::numeric_limits<int32_t>::max();

namespace {

/// All options, constructed when main() runs.
struct CommandLine {
  // Descriptions keep a reference only.
  std::string archHelp =
      "Architectures of --target=cuda, one kernel each: any of " +
      gpuArchNames() +
      ", or all; native: this machine's GPU (default: sm_90a, or native with "
      "--device). With +trace after a name: a kernel that writes a timeline";
  cl::OptionCategory category{"amk-compile options"};
  cl::OptionCategory developer{"Options for looking inside"};

  cl::opt<std::string> input{
      cl::Positional, cl::Required, cl::value_desc("DIR or FILE.mlir"),
      cl::desc("<HuggingFace directory, or a .mlir file of any level>"),
      cl::cat(category)};
  cl::opt<std::string> bundle{"o", cl::value_desc("BUNDLE"),
                              cl::desc("Directory to write"),
                              cl::cat(category)};
  // What has a number or one of a few words is parsed here: LLVM's own parsers
  // print what they find wrong instead of returning it.
  cl::opt<std::string> target{
      "target", cl::value_desc("T"), cl::init("cpu"),
      cl::desc("What to compile for: cpu, x86-64 Linux (default), or cuda, "
               "NVIDIA GPUs"),
      cl::cat(category)};
  cl::list<std::string> arch{"arch", cl::CommaSeparated, cl::value_desc("LIST"),
                             cl::desc(archHelp), cl::cat(category)};
  cl::opt<std::string> device{
      "device", cl::value_desc("cuda:N"),
      cl::desc("cuda: compile for this GPU of this machine: what native means, "
               "and where the default and the limit of --workers come from"),
      cl::cat(category)};
  cl::opt<std::string> workers{
      "workers", cl::value_desc("N"),
      cl::desc("Number of workers (default: hardware threads; cuda: the "
               "multiprocessors of this machine's GPU, or 132, at most the "
               "model's hidden size). A GPU must have as many "
               "multiprocessors"),
      cl::cat(category)};
  cl::opt<std::string> maxContext{
      "max-context", cl::value_desc("N"),
      cl::desc("Positions to make room for (default: the model's, at most "
               "4096)"),
      cl::cat(category)};
  cl::opt<std::string> tileRows{"tile-rows", cl::value_desc("N"),
                                cl::desc("Rows per weight tile (default: 4; "
                                         "cuda: 8)"),
                                cl::cat(category)};
  cl::opt<std::string> kvSplits{
      "kv-splits", cl::value_desc("N"),
      cl::desc("Pieces of the context in attention (default: by workers)"),
      cl::cat(category)};
  cl::opt<bool> hiLo{
      "hi-lo",
      cl::desc("cuda: multiply activations as a pair of 16-bit numbers, nearly "
               "as exact as float32, instead of as one"),
      cl::cat(category)};
  cl::opt<std::string> releaseElements{
      "release-elements", cl::value_desc("N"),
      cl::desc("cuda: let activations of at least N elements pass from worker "
               "to worker by a counter instead of words that all poll, where "
               "bodies can (default: none)"),
      cl::cat(category)};
  cl::opt<std::string> ptxas{
      "ptxas", cl::value_desc("FILE"),
      cl::desc(
          "cuda: NVIDIA's assembler (default: $AMK_PTXAS, or ptxas in "
          "PATH, $CUDA_HOME/bin or /usr/local/cuda/bin); none, there or in "
          "$AMK_PTXAS: the bundle gets PTX, which the driver assembles at "
          "load"),
      cl::cat(category)};
  cl::opt<std::string> placement{
      "placement", cl::value_desc("P"),
      cl::desc("How tasks go to workers: block (default), rotate, or bytes, "
               "which evens out weights (default for cuda)"),
      cl::cat(category)};
  cl::list<std::string> fuse{
      "fuse", cl::CommaSeparated, cl::value_desc("LIST"),
      cl::desc("Fusions: all (default), none, or any of qkv, gated, residual, "
               "head, norm"),
      cl::cat(category)};
  cl::opt<std::string> sync{
      "sync", cl::value_desc("S"), cl::init("coarse"),
      cl::desc("Synchronisation: exact waits for just what is needed; coarse "
               "has one counter per phase where that costs little (default)"),
      cl::cat(category)};
  cl::opt<bool> noReuse{"no-reuse",
                        cl::desc("Give every activation its own memory"),
                        cl::cat(category)};
  cl::opt<std::string> cpu{
      "cpu", cl::value_desc("LEVEL"), cl::init("native"),
      cl::desc("Instruction set: x86-64-v2, x86-64-v3, x86-64-v4 or native, "
               "the highest of them on this machine (default)"),
      cl::cat(category)};
  cl::opt<std::string> sanitize{
      "sanitize", cl::value_desc("S"),
      cl::desc("Instrument the generated code: thread or address"),
      cl::cat(category)};
  cl::opt<bool> dummyWeights{
      "dummy-weights",
      cl::desc("Let DIR have no weights: amk-run makes them up"),
      cl::cat(category)};

  cl::opt<std::string> from{
      "compile-from", cl::value_desc("PHASE"),
      cl::desc("Level of a .mlir input: layer, fused, task, schedule, kernel "
               "or llvm (default: by what it holds)"),
      cl::cat(developer)};
  cl::opt<std::string> to{"compile-to", cl::value_desc("PHASE"),
                          cl::desc("Stop at this level and print the module"),
                          cl::cat(developer)};
  cl::opt<std::string> emit{
      "emit", cl::value_desc("FILE"),
      cl::desc("Write the module as it is at the end; - for stdout"),
      cl::cat(developer)};
  cl::opt<std::string> dump{"dump-phases", cl::value_desc("DIR"),
                            cl::desc("Write the module after every phase"),
                            cl::cat(developer)};
  cl::opt<std::string> printSchedule{
      "print-schedule", cl::value_desc("FORMAT"),
      cl::desc("Print the schedule as text, dot or json"), cl::cat(developer)};
  cl::opt<std::string> objectCache{
      "object-cache", cl::value_desc("DIR"),
      cl::desc("Keep machine code in this directory, and take it from there "
               "for equal modules"),
      cl::cat(developer)};
  cl::opt<std::string> stageBytes{
      "stage-bytes", cl::value_desc("N"),
      cl::desc("cuda: of a stage of the ring (default: 16384, or 8192 with an "
               "architecture of little shared memory)"),
      cl::cat(developer)};
  cl::opt<std::string> inFlight{
      "in-flight", cl::value_desc("N"),
      cl::desc("cuda: copies to the ring at any time (default: by "
               "architecture)"),
      cl::cat(developer)};
  cl::opt<bool> injectDelays{
      "inject-delays",
      cl::desc("Test aid: code that calls KernelArgs::noise around waits and "
               "signals"),
      cl::cat(developer)};
  cl::opt<bool> time{"time", cl::desc("Print the time of every pass"),
                     cl::cat(developer)};
};

} // namespace

/// What the library says, as one line without the tool's name in front.
static std::string firstLine(llvm::StringRef text) {
  llvm::StringRef line = text.ltrim().split('\n').first;
  size_t colon = line.find(": ");
  if (line.take_front(colon).ends_with("amk-compile"))
    line = line.drop_front(colon + 2);
  return line.trim().str();
}

/// The number given, or `otherwise` where the option is not.
static unsigned parseNumber(const cl::opt<std::string> &option,
                            unsigned highest, unsigned otherwise) {
  if (!option.getNumOccurrences())
    return otherwise;
  llvm::StringRef text = option.getValue();
  unsigned number;
  if (text.getAsInteger(10, number) || number < 1 || number > highest)
    fail("--" + option.ArgStr.str(), "found " + text.str() +
                                         ", expected a number from 1 to " +
                                         std::to_string(highest));
  return number;
}

static std::string parsePlacement(const std::string &name) {
  if (name != "block" && name != "rotate" && name != "bytes")
    fail("--placement",
         "found '" + name + "', expected block, rotate or bytes");
  return name;
}

static SyncMode parseSync(llvm::StringRef name) {
  if (name == "exact")
    return SyncMode::Exact;
  if (name == "coarse")
    return SyncMode::Coarse;
  fail("--sync", "found '" + name.str() + "', expected exact or coarse");
}

static Sanitizer parseSanitizer(llvm::StringRef name) {
  if (name.empty())
    return Sanitizer::None;
  if (name == "thread")
    return Sanitizer::Thread;
  if (name == "address")
    return Sanitizer::Address;
  fail("--sanitize", "found '" + name.str() + "', expected thread or address");
}

static Phase parsePhase(const char *option, llvm::StringRef name) {
  for (Phase phase : kPhases)
    if (stringifyPhase(phase) == name)
      return phase;
  fail(option, "found '" + name.str() +
                   "', expected layer, fused, task, schedule, kernel or llvm");
}

//===----------------------------------------------------------------------===//
// GPUs
//===----------------------------------------------------------------------===//

/// The GPU that --device names, else the first of this machine; if there is
/// none, `why` says so.
static std::optional<runtime::LocalGpu> localGpu(const CommandLine &line,
                                                 std::string *why = nullptr) {
  if (!line.device.getNumOccurrences())
    return runtime::findLocalGpu(why);
  if (llvm::StringRef(line.device).take_front(4) != "cuda")
    fail("--device", "found '" + line.device + "', expected cuda:NUMBER");
  return runtime::examineGpu(runtime::parseGpu(line.device));
}

/// The code to generate for a GPU: sm_90a rather than sm_90. For one that came
/// after us, code of an older one that it runs, too.
static std::string nativeArch(const CommandLine &line) {
  std::string why;
  std::optional<runtime::LocalGpu> gpu = localGpu(line, &why);
  if (!gpu)
    fail("--arch", "found native, but this machine has no usable GPU (" + why +
                       "); expected some of " + gpuArchNames());
  std::string name = "sm_" + std::to_string(gpu->number);
  if (isGpuArch(name + "a"))
    return name + "a";
  for (uint32_t number = gpu->number; number > 0; --number)
    if (std::string older = "sm_" + std::to_string(number); isGpuArch(older))
      return older;
  fail("--arch", "found native, which is " + name + " (" + gpu->name +
                     "), expected some of " + gpuArchNames());
}

static std::vector<std::string> parseArchs(const CommandLine &line) {
  if (!line.arch.getNumOccurrences())
    return {line.device.getNumOccurrences() ? nativeArch(line) : "sm_90a"};
  std::vector<std::string> archs;
  auto add = [&](const std::string &name) {
    if (!llvm::is_contained(archs, name))
      archs.push_back(name);
  };
  for (const std::string &name : line.arch) {
    if (name == "all")
      llvm::for_each(allGpuArchs(), add);
    else if (name == "native")
      add(nativeArch(line));
    else if (isGpuArch(name))
      add(name);
    else
      fail("--arch", "found '" + name + "', expected some of " +
                         gpuArchNames() + ", all or native");
  }
  return archs;
}

static unsigned parseWorkers(const CommandLine &line, TargetKind target) {
  bool given = line.workers.getNumOccurrences();
  unsigned number = parseNumber(line.workers, ::amk::abi::kMaxWorkers, 0);
  if (target == TargetKind::Cpu)
    return given ? number : llvm::hardware_concurrency().compute_thread_count();
  // A plan may be for another machine, unless it names a GPU of this one.
  if (given && !line.device.getNumOccurrences())
    return number;
  std::optional<runtime::LocalGpu> gpu = localGpu(line);
  if (!given)
    return gpu ? gpu->multiprocessors : kGpuWorkers;
  if (number > gpu->multiprocessors)
    fail("--workers",
         "found " + std::to_string(number) + ", expected at most " +
             std::to_string(gpu->multiprocessors) +
             ", the multiprocessors of " + line.device + ", " + gpu->name);
  return number;
}

static std::string findPtxas(const CommandLine &line) {
  if (!line.ptxas.getNumOccurrences())
    return findAssembler();
  if (line.ptxas == "none")
    return "";
  if (!llvm::sys::fs::can_execute(line.ptxas))
    fail("--ptxas", "found '" + line.ptxas +
                        "', expected a program that can be run, or none");
  return line.ptxas;
}

using Reference = std::reference_wrapper<const cl::Option>;

/// Of `options`, the first that the command line has belongs to `target` alone.
static void refuse(const char *target,
                   std::initializer_list<Reference> options) {
  for (const cl::Option &option : options)
    if (option.getNumOccurrences())
      fail("--" + option.ArgStr.str(),
           std::string("expected --target=") + target);
}

static TargetKind parseTarget(const CommandLine &line) {
  if (line.target == "cpu") {
    refuse("cuda", {line.arch, line.device, line.hiLo, line.ptxas,
                    line.releaseElements, line.stageBytes, line.inFlight});
    return TargetKind::Cpu;
  }
  if (line.target != "cuda")
    fail("--target", "found '" + line.target + "', expected cpu or cuda");
  refuse("cpu", {line.cpu, line.sanitize, line.sync, line.objectCache,
                 line.injectDelays});
  return TargetKind::Cuda;
}

static GpuOptions gpuOptions(const CommandLine &line) {
  GpuOptions options;
  options.archs = parseArchs(line);
  options.stageBytes = parseNumber(line.stageBytes, kAnyNumber, 0);
  options.inFlight = parseNumber(line.inFlight, gpu::kMaxStages, 0);
  options.hiLo = line.hiLo;
  options.releaseElements = parseNumber(line.releaseElements, kAnyNumber, 0);
  return options;
}

//===----------------------------------------------------------------------===//
// All targets
//===----------------------------------------------------------------------===//

static CompileOptions compileOptions(const CommandLine &line) {
  CompileOptions options;
  options.setTarget(parseTarget(line));
  if (options.target == TargetKind::Cuda)
    options.gpu = gpuOptions(line);
  options.workers = parseWorkers(line, options.target);
  options.tileRows = parseNumber(line.tileRows, kAnyNumber, options.tileRows);
  options.kvSplits = parseNumber(line.kvSplits, kAnyNumber, options.kvSplits);
  if (line.placement.getNumOccurrences())
    options.placement = parsePlacement(line.placement);
  std::vector<std::string> fusions(line.fuse.begin(), line.fuse.end());
  if (!fusions.empty() && !options.setFusions(fusions))
    fail("--fuse", "found '" + llvm::join(fusions, ",") +
                       "', expected all, none or any of qkv, gated, residual, "
                       "head, norm");
  options.sync = parseSync(line.sync);
  options.reuse = !line.noReuse;
  options.injectDelays = line.injectDelays;
  return options;
}

/// What the options ask for together.
static void checkOutputs(const Options &options, bool stopsEarly) {
  const std::string &format = options.printSchedule;
  if (!format.empty() && format != "text" && format != "dot" &&
      format != "json")
    fail("--print-schedule",
         "found '" + format + "', expected text, dot or json");
  if (!format.empty() && options.to < Phase::Schedule)
    fail("--print-schedule", "expected --compile-to=schedule or later");
  if (!options.bundle.empty() && options.to != Phase::LLVM)
    fail("-o", "expected no --compile-to before llvm: a bundle needs code");
  if (options.bundle.empty() && options.emit.empty() && format.empty() &&
      options.dumpDirectory.empty() && !stopsEarly)
    throw Error("found nothing to write, expected -o BUNDLE");
  if (options.from && *options.from > options.to)
    fail("--compile-from", "expected a level before --compile-to");
  if (!isCpuLevel(options.object.level))
    fail("--cpu", "found '" + options.object.level + "', expected one of " +
                      cpuLevelNames());
}

Options amk::tool::parseCommandLine(int argc, char **argv) {
  CommandLine line;
  cl::HideUnrelatedOptions({&line.category, &line.developer});
  cl::SetVersionPrinter(
      [](llvm::raw_ostream &os) { os << "amk-compile " << version() << '\n'; });
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  if (!cl::ParseCommandLineOptions(
          argc, argv, "Compiles a model into one persistent program\n",
          &stream))
    throw Error(messages.empty() ? "the command line is wrong, see above"
                                 : firstLine(messages));

  Options options;
  options.input = line.input;
  options.bundle = line.bundle;
  options.compile = compileOptions(line);
  options.chooseWorkers = !line.workers.getNumOccurrences();
  options.object.level = line.cpu;
  options.object.sanitizer = parseSanitizer(line.sanitize);
  options.object.cacheDirectory = line.objectCache;
  if (options.compile.target == TargetKind::Cuda)
    options.gpuCode.assembler = findPtxas(line);
  options.maxContext = parseNumber(line.maxContext, kAnyNumber, 0);
  options.dummyWeights = line.dummyWeights;
  if (!line.from.empty())
    options.from = parsePhase("--compile-from", line.from);
  if (!line.to.empty())
    options.to = parsePhase("--compile-to", line.to);
  options.emit = line.emit;
  options.dumpDirectory = line.dump;
  options.printSchedule = line.printSchedule;
  options.passTiming = line.time;
  checkOutputs(options, !line.to.empty());
  // Somebody who stops on the way wants to see where.
  if (!line.to.empty() && options.emit.empty() && options.bundle.empty() &&
      options.printSchedule.empty() && options.dumpDirectory.empty())
    options.emit = "-";
  return options;
}
