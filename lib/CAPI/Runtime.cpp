//===- Runtime.cpp - C interface of the runtime ---------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk-c/Runtime.h"
#include "amk/Runtime/LocalGpu.h"
#include "amk/Runtime/Session.h"
#include "amk/Support/Error.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>

using namespace amk;
using namespace amk::runtime;

struct amk_model {
  std::unique_ptr<Session> session;
};

static constexpr uint32_t kDefaultStepsPerLaunch = 64;

/// Runs `body`; an exception becomes `*error` and the result `failed`.
template <typename Result, typename Body>
static Result guarded(char **error, Result failed, const Body &body) {
  if (error)
    *error = nullptr;
  auto report = [&](const char *message) {
    if (error)
      *error = strdup(message);
    return failed;
  };
  try {
    return body();
  } catch (const std::exception &exception) {
    return report(exception.what());
  } catch (...) {
    return report("unknown error");
  }
}

static std::vector<int32_t> copyIds(const int32_t *ids, size_t count) {
  if (!ids && count != 0)
    throw Error("ids: found NULL, expected " + std::to_string(count) + " ids");
  return std::vector<int32_t>(ids, ids + count);
}

static Session &sessionOf(amk_model *model) {
  if (!model)
    throw Error("model: found NULL, expected an open model");
  return *model->session;
}

uint32_t amk_c_api_version(void) { return AMK_C_API_VERSION; }

int amk_find_gpu(int32_t ordinal, amk_gpu *gpu, char **error) {
  return guarded<int>(error, AMK_ERROR, [&] {
    if (!gpu)
      throw Error("gpu: found NULL, expected a place for the answer");
    if (ordinal < -1)
      throw Error("ordinal: found " + std::to_string(ordinal) +
                  ", expected -1 or more");
    std::string why;
    std::optional<LocalGpu> found;
    if (ordinal >= 0)
      found = examineGpu(ordinal);
    else if (found = findLocalGpu(&why); !found)
      throw Error(why);
    *gpu = {found->ordinal, found->number, found->multiprocessors, {}};
    found->name.copy(gpu->name, sizeof(gpu->name) - 1);
    return 0;
  });
}

amk_model *amk_model_open(const char *bundle, const char *weights_dir,
                          uint64_t dummy_seed, char **error) {
  return amk_model_open_on(bundle, weights_dir, dummy_seed, nullptr, error);
}

amk_model *amk_model_open_on(const char *bundle, const char *weights_dir,
                             uint64_t dummy_seed, const char *device,
                             char **error) {
  return guarded<amk_model *>(error, nullptr, [&] {
    if (!bundle)
      throw Error("bundle: found NULL, expected a path");
    Bundle opened = Bundle::open(bundle);
    Weights weights = weights_dir
                          ? Weights::fromDirectory(opened.manifest, weights_dir)
                          : Weights::dummy(opened.manifest, dummy_seed);
    SessionOptions options;
    options.device = device ? device : "";
    auto session = std::make_unique<Session>(std::move(opened),
                                             std::move(weights), options);
    return new amk_model{std::move(session)};
  });
}

void amk_model_close(amk_model *model) { delete model; }

int amk_generate(amk_model *model, const int32_t *ids, size_t count,
                 uint32_t max_new, uint32_t steps_per_launch,
                 amk_token_callback callback, void *user, char **error) {
  return guarded<int>(error, AMK_ERROR, [&] {
    GenerateOptions options;
    options.stepsPerLaunch =
        steps_per_launch ? steps_per_launch : kDefaultStepsPerLaunch;
    if (callback)
      options.onToken = [&](int32_t token) {
        return callback(token, user) != 0;
      };
    GenerateResult result =
        sessionOf(model).generate(copyIds(ids, count), max_new, options);
    switch (result.reason) {
    case StopReason::StopToken:
      return AMK_STOP_TOKEN;
    case StopReason::Callback:
      return AMK_CALLBACK;
    case StopReason::Length:
      break;
    }
    return AMK_LENGTH;
  });
}

int amk_score(amk_model *model, const int32_t *ids, size_t count,
              amk_logits_callback callback, void *user, char **error) {
  return guarded<int>(error, AMK_ERROR, [&] {
    if (!callback)
      throw Error("callback: found NULL, expected a function");
    Session &session = sessionOf(model);
    uint32_t vocab = session.manifest().model.vocabSize;
    session.scoreTokens(copyIds(ids, count),
                        [&](uint64_t position, const float *logits) {
                          callback(position, logits, vocab, user);
                        });
    return 0;
  });
}

void amk_abort(amk_model *model) {
  if (model)
    model->session->abort();
}

uint32_t amk_vocab_size(const amk_model *model) {
  return model->session->manifest().model.vocabSize;
}

uint32_t amk_max_context(const amk_model *model) {
  return model->session->manifest().model.maxContext;
}

uint32_t amk_workers(const amk_model *model) {
  return model->session->workers();
}

const char *amk_arch(const amk_model *model) {
  return model->session->arch().c_str();
}

size_t amk_device(const amk_model *model, char *text, size_t capacity) {
  std::string device = model->session->device();
  if (capacity != 0)
    text[device.copy(text, capacity - 1)] = '\0';
  return device.size();
}

size_t amk_eos_token_ids(const amk_model *model, int32_t *ids,
                         size_t capacity) {
  const std::vector<int32_t> &stop =
      model->session->manifest().model.eosTokenIds;
  std::copy_n(stop.begin(), std::min(capacity, stop.size()), ids);
  return stop.size();
}

void amk_free_error(char *error) { free(error); }
