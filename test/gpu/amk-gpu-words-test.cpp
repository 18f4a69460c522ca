//===- amk-gpu-words-test.cpp - Bodies with words on a GPU ----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   amk-gpu-words-test DIRECTORY
//
// DIRECTORY/words-kernel and DIRECTORY/words-types-kernel hold what
// amk-gpu-test-code --persistent made of the programs of these names: steps of
// a model of one layer without attention, whose tasks wait for nothing but
// words. Every vector and all logits are compared with float64, tokens with the
// logits. Launches must end early where a token, the host or a missing worker
// says so. Exit status: 0 passed, 1 failed, 77 skipped, with the reason
// printed.
//
//===----------------------------------------------------------------------===//

#include "Chips.h"
#include "WordsModel.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;

static constexpr int kRepeats = 20;
static constexpr uint32_t kSteps = 5, kStart = 3, kPromptLength = 6;
static constexpr uint32_t kHeadParts = 4, kBestWords = 2 * kHeadParts + 1;
static constexpr uint32_t kTagStride = 8;
static constexpr uint64_t kWordBytes = 8;

using Layout = abi::PackLayout;
static constexpr Config kConfigs[] = {
    // words-kernel.mlir
    {"b576", 576, 3, 3, 64, 1536, 1000, Format::BF16, Layout::MmaTile8x2, true,
     5e-5, 96},
    {"b48", 48, 1, 1, 16, 14336, 100, Format::BF16, Layout::MmaTile8x2, false,
     2e-2, 1024},
    {"b4096", 4096, 2, 2, 128, 576, 520, Format::BF16, Layout::MmaTile8x2, true,
     5e-5, 1024},
    // words-types-kernel.mlir
    {"h2048", 2048, 2, 4, 64, 8192, 600, Format::F16, Layout::MmaTile8x2, true,
     2e-5, 1024},
    {"f576", 576, 3, 3, 64, 8192, 1000, Format::F32, Layout::ScalarTile8, false,
     1e-5, 1024},
    {"q576", 576, 3, 3, 64, 8192, 1000, Format::BF16, Layout::MmaTile4x4, true,
     5e-5, 512},
    // words-odd-kernel.mlir: down receives an odd number of words
    {"b37", 48, 1, 1, 16, 37, 100, Format::BF16, Layout::MmaTile8x2, true, 5e-5,
     512},
    {"f1", 48, 1, 1, 16, 1, 100, Format::F32, Layout::ScalarTile8, false, 1e-5,
     512},
    {"b4101", 48, 1, 1, 16, 4101, 100, Format::BF16, Layout::MmaTile8x2, true,
     5e-5, 1024},
};
static constexpr uint32_t kProgramConfigs = 3;
static const char *const kPrograms[] = {"words-kernel", "words-types-kernel",
                                        "words-odd-kernel"};

//===----------------------------------------------------------------------===//
// A plan
//===----------------------------------------------------------------------===//

/// Vectors of words in the arena, in the order of the phases that make them.
/// Phase p makes vector p; its tag is p + 1.
struct Arena {
  uint64_t at[NextToken], count[NextToken], bytes = 0;
  explicit Arena(const Config &c) {
    uint64_t sizes[] = {c.hidden, c.queries(), c.hidden,
                        c.inner,  c.hidden,    kBestWords};
    for (uint32_t p = 0; p != NextToken; ++p) {
      at[p] = bytes;
      count[p] = sizes[p];
      bytes += (sizes[p] * kWordBytes + 255) / 256 * 256;
    }
  }
};

/// The constants: three norms, then the table of angles.
struct Constants {
  std::vector<float> values;
  uint64_t norms[3], angles;
  explicit Constants(const Model &model) {
    auto add = [&](const std::vector<float> &part) {
      uint64_t at = values.size() * sizeof(float);
      values.insert(values.end(), part.begin(), part.end());
      values.resize((values.size() + 3) / 4 * 4);
      return at;
    };
    for (int i = 0; i != 3; ++i)
      norms[i] = add(model.norms[i]);
    angles = add(model.angles);
  }
};

class Planner {
public:
  Planner(const Model &model, const Chip &chip, uint32_t workers,
          uint32_t firstBody, bool residualPolled)
      : model(model), chip(chip), workers(workers), firstBody(firstBody),
        residualPolled(residualPolled), arena(model.config), constants(model),
        instructions(workers), streams(workers) {
    for (uint32_t phase = Embed; phase != NextToken; ++phase)
      addPhase(Phase(phase));
    for (uint32_t worker = 0; worker != workers; ++worker) {
      abi::DeviceInstruction in = instruction(worker, kPhases);
      in.body = uint16_t((kPhases - 1) * kProgramConfigs);
      in.tagIn[0] = tagBase(Head);
      in.operands[0] = unit(arena.at[Head]);
      instructions[worker].push_back(in);
    }
  }

  const Model &model;
  const Chip &chip;
  uint32_t workers, firstBody;
  bool residualPolled;
  Arena arena;
  Constants constants;
  std::vector<std::vector<abi::DeviceInstruction>> instructions;
  std::vector<std::vector<uint8_t>> streams;

private:
  static uint32_t unit(uint64_t bytes) {
    return uint32_t(bytes / abi::kOperandUnit);
  }
  static uint32_t tagBase(Phase phase) { return phase + 1; }
  abi::DeviceInstruction instruction(uint32_t worker, uint32_t index) {
    abi::DeviceInstruction in = {};
    in.index = worker * 1000 + index;
    for (abi::DeviceWait &wait : in.waits)
      wait.counter = abi::kNone;
    in.signalCounter = abi::kNone;
    return in;
  }
  void addPhase(Phase phase);
  void addTask(Phase phase, uint32_t part, uint32_t begin, uint32_t count);
};

/// Cut into tasks that are small enough, at least one for each worker if there
/// are as many tiles.
void Planner::addPhase(Phase phase) {
  uint32_t perTile = phase == Embed ? 2 : model.unitsOfTile(phase);
  uint32_t units = model.units(phase);
  auto tiles = uint32_t(gpu::ceilDiv(units, perTile));
  uint32_t parts = workers;
  if (phase == Head)
    parts = kHeadParts;
  else if (phase != Embed) {
    uint64_t most = gpu::maxRunTiles(
        model.config.layout, model.shape(phase, chip.stageBytes).panels);
    most =
        std::min<uint64_t>(most, model.config.rows / model.config.tileRows());
    parts =
        uint32_t(gpu::ceilDiv(gpu::ceilDiv(tiles, most), workers)) * workers;
  }
  for (uint32_t part = 0; part != parts; ++part) {
    uint32_t begin = uint32_t(uint64_t(tiles) * part / parts) * perTile;
    uint32_t end = uint32_t(uint64_t(tiles) * (part + 1) / parts) * perTile;
    end = std::min(end, units);
    if (begin < end)
      addTask(phase, part, begin, end - begin);
  }
}

void Planner::addTask(Phase phase, uint32_t part, uint32_t begin,
                      uint32_t count) {
  uint32_t worker = part % workers;
  std::vector<uint8_t> &stream = streams[worker];
  abi::DeviceInstruction in = instruction(worker, phase);
  in.body = uint16_t(firstBody + phase);
  in.tagOut = tagBase(phase);
  std::vector<uint32_t> operands;
  auto vector = [&](Phase p) { operands.push_back(unit(arena.at[p])); };
  if (phase == Embed) {
    operands = {0, 0};
    vector(Embed);
    operands.insert(operands.end(), {begin, count});
  } else {
    gpu::RunShape shape = model.shape(phase, chip.stageBytes);
    auto tiles = uint32_t(gpu::ceilDiv(count, model.unitsOfTile(phase)));
    in.flags = abi::kWeightRun;
    in.stageCount = uint32_t(shape.stages(tiles));
    in.stageBytes = uint16_t(shape.stageBytes());
    in.stageTiles = uint8_t(shape.stageTiles);
    in.lastTiles = uint8_t(shape.lastTiles(tiles));
    in.runOffset = uint32_t(stream.size() / abi::kFragmentBytes);
    in.tagIn[0] = tagBase(Phase(phase - 1));
    vector(Phase(phase - 1));
    if (phase == QKV || phase == Gated || phase == Head)
      operands.push_back(unit(constants.norms[phase / 2]));
    operands.push_back(in.runOffset *
                       (abi::kFragmentBytes / abi::kOperandUnit));
    if (phase == QKV)
      operands.push_back(unit(constants.angles));
    if (phase == Head)
      operands.push_back(0); // the kernel knows where logits go
    if (phase == O || phase == Down) {
      in.tagIn[1] = tagBase(Phase(phase - 2));
      vector(Phase(phase - 2));
      if (residualPolled)
        in.flags |= abi::kResidualPolled;
    }
    vector(phase);
    operands.insert(operands.end(), {begin, count, tiles});
    if (phase == Head)
      operands.push_back(part);
    model.pack(stream, phase, begin, count, chip.stageBytes);
  }
  std::copy(operands.begin(), operands.end(), in.operands);
  instructions[worker].push_back(in);
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

struct Request {
  std::vector<int32_t> stopTokens;
  bool stop = false, aborted = false, missingWorker = false;
};

struct Result {
  std::vector<uint64_t> words; ///< host's, one for each step
  std::vector<float> logits;   ///< [step][vocab]
  std::vector<uint64_t> arena;
  abi::WaitReport report;
  uint32_t launchTag;
};

class Session {
public:
  Session(const cuda::Context &context, const cuda::Function &function,
          const Planner &plan);
  Result run(const Request &request);

private:
  uint64_t upload(const void *data, uint64_t bytes, const char *name) {
    owned.emplace_back(bytes, name);
    owned.back().upload(data);
    return owned.back().address();
  }

  const cuda::Context &context;
  const cuda::Function &function;
  const Planner &plan;
  std::vector<cuda::DeviceBuffer> owned;
  cuda::DeviceBuffer arena, control, report, logits, hostTokens;
  abi::GpuArgs args = {};
};

/// Prompts of all models: those positions that the test uses.
static int32_t promptToken(const Config &config, uint32_t position) {
  return int32_t((position * 37 + 11) % config.vocab);
}

Session::Session(const cuda::Context &context, const cuda::Function &function,
                 const Planner &plan)
    : context(context), function(function), plan(plan),
      arena(plan.arena.bytes, "arena"),
      control(sizeof(abi::Control), "control"),
      report(sizeof(abi::WaitReport), "report"),
      logits(kSteps * plan.model.config.vocab * sizeof(float), "logits"),
      hostTokens(kSteps * kWordBytes, "tokens for the host") {
  const Model &model = plan.model;
  std::vector<abi::DeviceQueue> queues;
  for (uint32_t worker = 0; worker != plan.workers; ++worker) {
    const auto &table = plan.instructions[worker];
    uint64_t instructions =
        upload(table.data(), table.size() * sizeof(table[0]), "instructions");
    const std::vector<uint8_t> &bytes = plan.streams[worker];
    uint64_t stream = upload(bytes.data(), bytes.size(), "weights");
    queues.push_back({instructions, stream, 0, uint32_t(table.size()), 0});
  }
  std::vector<uint8_t> table = model.tableBytes();
  uint64_t external = upload(table.data(), table.size(), "table");
  std::vector<int32_t> tokens(kPositions);
  for (uint32_t p = kStart; p != kPromptLength; ++p)
    tokens[p] = promptToken(model.config, p);
  const std::vector<float> &constants = plan.constants.values;
  std::vector<uint8_t> garbage(plan.arena.bytes, 0xff);
  arena.upload(garbage.data());

  args.arena = arena.address();
  args.constants =
      upload(constants.data(), constants.size() * sizeof(float), "constants");
  args.externals = upload(&external, sizeof(external), "externals");
  args.control = control.address();
  args.queues =
      upload(queues.data(), queues.size() * sizeof(queues[0]), "queues");
  args.tokens =
      upload(tokens.data(), tokens.size() * sizeof(int32_t), "tokens");
  args.hostTokens = hostTokens.address();
  args.logits = logits.address();
  args.logitsStride = model.config.vocab;
  args.report = report.address();
  args.waitNanoseconds = 500'000'000;
  args.workers = plan.workers;
  args.startPosition = kStart;
  args.steps = kSteps;
  args.promptLength = kPromptLength;
  args.tagStride = kTagStride;
  args.vocab = model.config.vocab;
}

Result Session::run(const Request &request) {
  for (const cuda::DeviceBuffer *zeroed : {&report, &hostTokens, &logits}) {
    std::vector<uint8_t> zeros(zeroed->size());
    zeroed->upload(zeros.data());
  }
  abi::Control flags = {};
  flags.stop = request.stop;
  flags.aborted = request.aborted;
  control.upload(&flags);
  std::vector<int32_t> stops = request.stopTokens;
  stops.push_back(-1); // there is always a list
  cuda::DeviceBuffer list(stops.size() * sizeof(int32_t), "stop tokens");
  list.upload(stops.data());
  args.stopTokens = list.address();
  args.stopTokenCount = uint32_t(request.stopTokens.size());
  // The kernel has one parameter, this struct: the driver copies it from where
  // the first value lies.
  std::vector<uint64_t> words(sizeof(args) / sizeof(uint64_t));
  std::memcpy(words.data(), &args, sizeof(args));
  uint32_t stages =
      gpu::stagesThatFit(plan.chip.stageBytes, plan.chip.sharedBytes);
  cuda::launch(function, plan.workers - request.missingWorker, abi::kGpuThreads,
               gpu::sharedBytes(plan.chip.stageBytes, stages), words);
  context.synchronize(plan.chip.name);

  Result result;
  result.launchTag = args.launchTag;
  // What the arena holds stays there: these tags are of no launch before.
  args.launchTag += kSteps * kTagStride;
  result.words.resize(kSteps);
  hostTokens.download(result.words.data());
  result.logits.resize(logits.size() / sizeof(float));
  logits.download(result.logits.data());
  result.arena.resize(arena.size() / kWordBytes);
  arena.download(result.arena.data());
  report.download(&result.report);
  return result;
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

/// Largest error relative to the largest value; infinite for a NaN.
static double errorOf(const std::vector<float> &found,
                      const std::vector<double> &expected) {
  double largest = 0, difference = 0;
  for (size_t i = 0; i != expected.size(); ++i) {
    if (std::isnan(found[i]))
      return HUGE_VAL;
    largest = std::max(largest, std::fabs(expected[i]));
    difference = std::max(difference, std::fabs(found[i] - expected[i]));
  }
  return difference / largest;
}

/// Values of a vector after the last step; NaNs for words of other tags.
static std::vector<float> valuesOf(const Planner &plan, const Result &result,
                                   Phase phase) {
  uint32_t tag = result.launchTag + phase + 1 + (kSteps - 1) * kTagStride;
  std::vector<float> values(plan.arena.count[phase], std::nanf(""));
  for (size_t i = 0; i != values.size(); ++i) {
    uint64_t word = result.arena[plan.arena.at[phase] / kWordBytes + i];
    auto bits = static_cast<uint32_t>(word);
    if (word >> 32 == tag)
      std::memcpy(&values[i], &bits, sizeof(bits));
  }
  return values;
}

static uint32_t tokenOf(const Result &result, uint32_t step) {
  return static_cast<uint32_t>(result.words[step]);
}

/// Whether the token of a step is the prompt's, or that of the largest logit.
static bool rightToken(const Config &config, const Result &result,
                       uint32_t step) {
  if (result.words[step] >> 32 != 1)
    return false;
  uint32_t next = kStart + step + 1, token = tokenOf(result, step);
  if (next < kPromptLength)
    return token == uint32_t(promptToken(config, next));
  const float *row = &result.logits[size_t(step) * config.vocab];
  return token == std::max_element(row, row + config.vocab) - row;
}

static bool check(const Planner &plan, const Result &result) {
  const Config &config = plan.model.config;
  bool passed = result.report.kind == 0;
  double logitsError = 0;
  auto token = uint32_t(promptToken(config, kStart));
  Step step;
  for (uint32_t s = 0; s != kSteps; ++s) {
    step = plan.model.run(token, kStart + s);
    auto row = result.logits.begin() + size_t(s) * config.vocab;
    std::vector<float> found(row, row + config.vocab);
    logitsError = std::max(logitsError, errorOf(found, step.logits));
    passed &= rightToken(config, result, s);
    token = tokenOf(result, s) % config.vocab;
  }
  double errors[] = {errorOf(valuesOf(plan, result, Embed), step.embedded),
                     errorOf(valuesOf(plan, result, QKV), step.queries),
                     errorOf(valuesOf(plan, result, O), step.middle),
                     errorOf(valuesOf(plan, result, Gated), step.inner),
                     errorOf(valuesOf(plan, result, Down), step.out),
                     logitsError};
  const char *names[] = {"embed", "qkv", "o", "gated", "down", "head"};
  for (size_t i = 0; i != std::size(errors); ++i) {
    std::printf(" %s %.1e", names[i], errors[i]);
    passed &= errors[i] <= (i == 0 ? 0 : config.tolerance);
  }
  if (result.report.kind)
    std::printf(" report: kind %u worker %u instruction %u what %u seen %u "
                "expected %u step %u",
                result.report.kind, result.report.worker,
                result.report.instruction, result.report.what,
                result.report.seen, result.report.expected, result.report.step);
  return passed;
}

/// The same values: tags are others.
static bool same(const Result &a, const Result &b) {
  bool same =
      a.words == b.words && !std::memcmp(a.logits.data(), b.logits.data(),
                                         a.logits.size() * sizeof(float));
  for (size_t i = 0; i != a.arena.size(); ++i)
    same &= uint32_t(a.arena[i]) == uint32_t(b.arena[i]);
  return same;
}

/// Steps that were reported; -1 for anything but words {token, 1} and zeros.
static int stepsOf(const Result &result) {
  int steps = 0;
  while (steps < int(kSteps) && result.words[steps] >> 32 == 1)
    ++steps;
  for (uint32_t s = steps; s != kSteps; ++s)
    if (result.words[s])
      return -1;
  return steps;
}

/// Launches that must end early, and one after them that must not.
static bool checkEnds(Session &session, const Result &whole) {
  bool passed = true;
  auto expect = [&](const char *name, bool condition) {
    std::printf(" %s%s", name, condition ? "" : " FAILED");
    passed &= condition;
  };
  // The first token that is not the prompt's, and one that never comes.
  uint32_t last = kPromptLength - 1 - kStart;
  Request byToken;
  byToken.stopTokens = {1 << 30, int32_t(tokenOf(whole, last))};
  expect("stop token", stepsOf(session.run(byToken)) == int(last + 1));
  Request byHost;
  byHost.stop = true;
  expect("host", stepsOf(session.run(byHost)) == 1);
  Request aborted;
  aborted.aborted = true;
  Result none = session.run(aborted);
  expect("abort", stepsOf(none) == 0 && none.report.kind == 0);
  Request broken;
  broken.missingWorker = true;
  Result stuck = session.run(broken);
  expect("missing worker",
         stepsOf(stuck) == 0 && stuck.report.complete == 1 &&
             stuck.report.kind == uint32_t(abi::WaitKind::Word) &&
             stuck.report.seen != stuck.report.expected &&
             stuck.report.nanoseconds < 1'000'000'000);
  expect("again", same(session.run({}), whole));
  return passed;
}

static bool runConfig(const cuda::Context &context,
                      const cuda::Function &function, const Chip &chip,
                      const Model &model, uint32_t firstBody) {
  bool passed = true;
  auto all = uint32_t(context.device().multiprocessors);
  for (uint32_t workers : {1u, 2u, 4u, all}) {
    // With two workers the residual's words are polled as if they were new.
    Planner plan(model, chip, workers, firstBody, workers != 2);
    Session session(context, function, plan);
    std::printf("%-8s %-6s %3u workers:", chip.name, model.config.name,
                workers);
    Result first = session.run({});
    bool isRight = check(plan, first);
    int repeats = 1;
    while (isRight && repeats < kRepeats && same(session.run({}), first))
      ++repeats;
    isRight &= repeats == kRepeats;
    std::printf("; %d/%d the same;", repeats, kRepeats);
    if (workers == 4 && isRight)
      isRight &= checkEnds(session, first);
    std::printf("  %s\n", isRight ? "ok" : "FAILED");
    std::fflush(stdout);
    passed &= isRight;
  }
  return passed;
}

static int runAll(const std::string &directory) {
  cuda::Context context;
  const cuda::DeviceInfo &device = context.device();
  printDevice(device);
  int code = 0;
  bool passed = true;
  for (uint32_t program = 0; program != std::size(kPrograms); ++program) {
    const Config *configs = &kConfigs[program * kProgramConfigs];
    std::vector<Model> models;
    models.reserve(kProgramConfigs);
    for (uint32_t c = 0; c != kProgramConfigs; ++c)
      models.emplace_back(configs[c], c);
    for (const Chip &chip : kChips) {
      if (!runsOn(chip, device))
        continue;
      ++code;
      cuda::Module module =
          loadModule(directory + "/" + kPrograms[program], chip);
      cuda::Function function = module.function(abi::kGpuEntryName);
      std::printf("%-8s %s: %d registers, %d local bytes\n", chip.name,
                  kPrograms[program], function.registers(),
                  function.localBytes());
      for (uint32_t c = 0; c != kProgramConfigs; ++c)
        passed &=
            runConfig(context, function, chip, models[c], c * (kPhases - 1));
    }
  }
  return conclude(code, passed);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: amk-gpu-words-test DIRECTORY\n");
    return 2;
  }
  return runTest("amk-gpu-words-test", [&] { return runAll(argv[1]); });
}
