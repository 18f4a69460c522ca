//===- Gate.cpp - Is what a session computes right? -----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Gate.h"
#include "amk/Support/Error.h"
#include "amk/Support/Hash.h"
#include "amk/Support/Json.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace amk;
using namespace amk::bench;
using namespace amk::runtime;

/// Of a row of logits. Activations and caches of 16 bits make 1e-2 to 2e-2 of
/// it, a wrong kernel about 1.
static constexpr double kRelativeTolerance = 5e-2;

//===----------------------------------------------------------------------===//
// Goldens
//===----------------------------------------------------------------------===//

static std::vector<int32_t> readIds(const JsonView &list) {
  list.expectArray();
  std::vector<int32_t> ids;
  for (size_t i = 0; i < list.size(); ++i)
    ids.push_back(static_cast<int32_t>(list.at(i).asInt(0, INT32_MAX)));
  return ids;
}

static std::vector<float> readFloats(const std::string &file) {
  std::string bytes = readFile(file);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::copy_n(bytes.data(), values.size() * sizeof(float),
              reinterpret_cast<char *>(values.data()));
  return values;
}

/// The rows of `all` from `begin` on that belong to a text.
static std::vector<float> rowsOf(const std::vector<float> &all, uint64_t &begin,
                                 const Text &text, uint64_t vocab) {
  uint64_t positions = text.prompt.size() + text.ids.size() - 1;
  uint64_t end = std::min<uint64_t>(all.size(), begin + positions * vocab);
  std::vector<float> rows(all.begin() + begin, all.begin() + end);
  begin = end;
  return rows;
}

std::vector<Text> bench::readGolden(const std::string &file) {
  nlohmann::json document = parseJson(readFile(file), file);
  JsonView golden(document, file);
  uint64_t vocab = golden.at("vocab_size").asInt(1, INT32_MAX);
  // A trained checkpoint has several texts, a random one is one text.
  bool isList = golden.has("continuations");
  JsonView list = isList ? golden.at("continuations") : golden;
  JsonView logits = golden.at(isList ? "continuation_logits" : "logits");
  size_t slash = file.rfind('/');
  std::string directory =
      slash == file.npos ? "" : file.substr(0, slash + 1);
  std::vector<float> all =
      readFloats(directory + logits.at("file").asString());
  std::vector<Text> texts;
  uint64_t begin = 0;
  for (size_t i = 0; i < (isList ? list.size() : 1); ++i) {
    JsonView entry = isList ? list.at(i) : golden;
    Text text;
    text.prompt = readIds(entry.at("prompt_ids"));
    text.ids = readIds(entry.at("ids"));
    if (text.prompt.empty() || text.ids.empty())
      entry.expected("a prompt and ids");
    text.logits = rowsOf(all, begin, text, vocab);
    texts.push_back(std::move(text));
  }
  return texts;
}

//===----------------------------------------------------------------------===//
// Comparing
//===----------------------------------------------------------------------===//

/// log(sum exp(row))
static double logSumExp(const float *row, uint32_t vocab) {
  double largest = *std::max_element(row, row + vocab), sum = 0;
  for (uint32_t i = 0; i < vocab; ++i)
    sum += std::exp(row[i] - largest);
  return largest + std::log(sum);
}

/// Once NaN, it stays so.
static void keepLargest(double &largest, double value) {
  if (!std::isnan(largest) && !(value <= largest))
    largest = value;
}

void Difference::add(const float *row, const float *reference,
                     uint32_t vocab) {
  double own = logSumExp(row, vocab), other = logSumExp(reference, vocab);
  double squares = 0, difference = 0, kl = 0;
  for (uint32_t i = 0; i < vocab; ++i) {
    double error = double(row[i]) - reference[i];
    keepLargest(maxError, std::abs(error));
    difference += error * error;
    squares += double(reference[i]) * reference[i];
    double logP = reference[i] - other;
    kl += std::exp(logP) * (logP - (row[i] - own));
  }
  keepLargest(maxRelativeError, std::sqrt(difference / squares));
  meanKL = (meanKL * positions + kl) / (positions + 1);
  keepLargest(maxKL, kl);
  ++positions;
  sameChoice += std::max_element(row, row + vocab) - row ==
                std::max_element(reference, reference + vocab) - reference;
}

static void addRows(Difference &difference, const std::vector<float> &rows,
                    const std::vector<float> &reference, uint32_t vocab) {
  uint64_t count = std::min(rows.size(), reference.size());
  for (uint64_t i = 0; i + vocab <= count; i += vocab)
    difference.add(&rows[i], &reference[i], vocab);
}

/// Empty if the same, else where they differ.
static std::string compareIds(const std::vector<int32_t> &ids,
                              const std::vector<int32_t> &expected) {
  auto [own, other] =
      std::mismatch(ids.begin(), ids.end(), expected.begin(), expected.end());
  if (own == ids.end() && other == expected.end())
    return "";
  auto name = [](auto it, const std::vector<int32_t> &list) {
    return it == list.end() ? std::string("nothing") : std::to_string(*it);
  };
  return "token " + std::to_string(own - ids.begin()) + ": found " +
         name(own, ids) + ", expected " + name(other, expected);
}

static bool sameBits(const std::vector<float> &a, const std::vector<float> &b) {
  return a.size() == b.size() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

std::vector<int32_t> bench::randomPrompt(const Manifest &manifest,
                                         uint32_t count) {
  std::vector<int32_t> ids;
  for (uint32_t i = 0; i < count; ++i)
    ids.push_back(static_cast<int32_t>(mix64(i) % manifest.model.vocabSize));
  return ids;
}

Text bench::generateText(Session &session, const std::vector<int32_t> &prompt,
                         uint32_t count, uint32_t stepsPerLaunch) {
  Text text;
  text.prompt = prompt;
  uint32_t vocab = session.manifest().model.vocabSize;
  GenerateOptions options;
  options.stepsPerLaunch = stepsPerLaunch;
  options.ignoreStopTokens = true;
  options.onLogits = [&](uint64_t, const float *row) {
    text.logits.insert(text.logits.end(), row, row + vocab);
  };
  text.ids = session.generate(prompt, count, options).tokens;
  return text;
}

/// Logits of the expected text, whatever the session would have chosen.
static void addScores(Difference &difference, Session &session,
                      const Text &text) {
  uint32_t vocab = session.manifest().model.vocabSize;
  std::vector<int32_t> ids = text.prompt;
  ids.insert(ids.end(), text.ids.begin(), text.ids.end() - 1);
  std::vector<float> rows;
  session.scoreTokens(ids, [&](uint64_t, const float *row) {
    rows.insert(rows.end(), row, row + vocab);
  });
  addRows(difference, rows, text.logits, vocab);
}

/// Empty if the logits are as close to the reference as rounding lets them be.
static std::string checkRounding(const Difference &difference) {
  double error = difference.maxRelativeError;
  if (error <= kRelativeTolerance)
    return "";
  return "relative error " + std::to_string(error) +
         " of a row of logits, expected at most " +
         std::to_string(kRelativeTolerance);
}

GateResult bench::compareWithGolden(Session &session,
                                    const std::vector<Text> &texts,
                                    const std::vector<uint32_t> &stepsPerLaunch,
                                    bool exactIds) {
  GateResult result;
  result.what = "HuggingFace's greedy ids of " + std::to_string(texts.size()) +
                " texts";
  for (size_t i = 0; i < texts.size(); ++i) {
    Text first;
    for (uint32_t steps : stepsPerLaunch) {
      Text found =
          generateText(session, texts[i].prompt, texts[i].ids.size(), steps);
      std::string difference;
      if (first.ids.empty())
        first = found;
      else if (found.ids != first.ids || !sameBits(first.logits, found.logits))
        difference = "logits of other bits than with " +
                     std::to_string(stepsPerLaunch.front());
      if (difference.empty() && exactIds)
        difference = compareIds(found.ids, texts[i].ids);
      if (!difference.empty() && result.failure.empty())
        result.failure = "text " + std::to_string(i) + ", " +
                         std::to_string(steps) + " steps a launch: " +
                         difference;
    }
    result.sameIds += first.ids == texts[i].ids;
    addScores(result.difference, session, texts[i]);
  }
  if (result.failure.empty())
    result.failure = checkRounding(result.difference);
  result.passed = result.failure.empty();
  return result;
}

GateResult bench::compareSessions(Session &session, Session &reference,
                                  uint32_t promptLength, uint32_t count) {
  const Manifest &manifest = session.manifest();
  uint32_t vocab = manifest.model.vocabSize;
  if (reference.manifest().model.vocabSize != vocab)
    throw Error("reference: found " +
                std::to_string(reference.manifest().model.vocabSize) +
                " logits, expected " + std::to_string(vocab));
  Text expected = generateText(
      reference, randomPrompt(manifest, promptLength), count, /*steps=*/64);
  GateResult result;
  result.what = "logits of " + reference.device();
  addScores(result.difference, session, expected);
  result.failure = checkRounding(result.difference);
  result.passed = result.failure.empty();
  return result;
}

GateResult bench::compareRuns(Session &session, uint32_t runs,
                              uint32_t promptLength, uint32_t count,
                              const std::vector<uint32_t> &stepsPerLaunch) {
  GateResult result;
  result.what = "timing only: " + std::to_string(runs) +
                " runs give the same finite bits, right or wrong";
  std::vector<int32_t> prompt = randomPrompt(session.manifest(), promptLength);
  Text first;
  for (uint32_t run = 0; run < runs && result.failure.empty(); ++run) {
    Text text = generateText(session, prompt, count,
                             stepsPerLaunch[run % stepsPerLaunch.size()]);
    std::string where = "run " + std::to_string(run) + ": ";
    if (run == 0) {
      first = text;
      for (float value : text.logits)
        if (!std::isfinite(value))
          result.failure = where + "a logit is not finite";
    } else if (text.ids != first.ids) {
      result.failure = where + compareIds(text.ids, first.ids);
    } else if (!sameBits(text.logits, first.logits)) {
      result.failure = where + "logits of other bits than in run 0";
    }
  }
  result.passed = result.failure.empty();
  return result;
}
