//===- amk_native.cpp - Python module over the C API ----------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// amk._native: a thin layer that adds Python's exceptions and lock handling.
// Everything convenient is in amk/model.py.
//
//===----------------------------------------------------------------------===//

#include "amk-c/Runtime.h"

#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <pybind11/functional.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <string>
#include <vector>

namespace py = pybind11;

namespace {

[[noreturn]] void throwError(const std::string &message) {
  py::object type = py::module_::import("amk.errors").attr("Error");
  PyErr_SetString(type.ptr(), message.c_str());
  throw py::error_already_set();
}

/// Receives the message of a failed call and frees it.
class Message {
public:
  ~Message() { amk_free_error(text); }
  char **out() { return &text; }
  [[noreturn]] void raise() const {
    throwError(text ? text : "the runtime gave no message");
  }

private:
  char *text = nullptr;
};

/// What a C callback needs: the Python function and the exception it raised,
/// which may not pass through C frames.
template <typename Function> struct Target {
  const Function &function;
  std::exception_ptr exception;

  void rethrow() const {
    if (exception)
      std::rethrow_exception(exception);
  }
};

using TokenFunction = std::function<bool(int32_t)>;
using LogitsFunction = std::function<void(uint64_t, py::memoryview)>;

int onToken(int32_t token, void *user) {
  auto &target = *static_cast<Target<TokenFunction> *>(user);
  py::gil_scoped_acquire lock;
  try {
    return target.function(token);
  } catch (...) {
    target.exception = std::current_exception();
    return 1;
  }
}

class Model {
public:
  Model(const std::string &bundle, const std::optional<std::string> &weights,
        uint64_t dummySeed, const std::optional<std::string> &device) {
    Message message;
    amk_model *opened = nullptr;
    {
      py::gil_scoped_release unlock;
      opened = amk_model_open_on(
          bundle.c_str(), weights ? weights->c_str() : nullptr, dummySeed,
          device ? device->c_str() : nullptr, message.out());
    }
    if (!opened)
      message.raise();
    model.reset(opened);
  }

  int generate(const std::vector<int32_t> &ids, uint32_t maxNew,
               uint32_t stepsPerLaunch, const TokenFunction &callback) {
    Target<TokenFunction> target{callback, nullptr};
    Message message;
    int status = exclusively([&] {
      return amk_generate(model.get(), ids.data(), ids.size(), maxNew,
                          stepsPerLaunch, callback ? onToken : nullptr, &target,
                          message.out());
    });
    target.rethrow();
    if (status < 0)
      message.raise();
    return status;
  }

  void score(const std::vector<int32_t> &ids, const LogitsFunction &callback) {
    struct User {
      Target<LogitsFunction> target;
      amk_model *model;
    } user{{callback, nullptr}, model.get()};
    Message message;
    int status = exclusively([&] {
      return amk_score(model.get(), ids.data(), ids.size(), onLogits<User>,
                       &user, message.out());
    });
    user.target.rethrow();
    if (status < 0)
      message.raise();
  }

  void abort() { amk_abort(model.get()); }
  uint32_t vocabSize() const { return amk_vocab_size(model.get()); }
  uint32_t maxContext() const { return amk_max_context(model.get()); }
  uint32_t workers() const { return amk_workers(model.get()); }
  std::string arch() const { return amk_arch(model.get()); }

  std::string device() const {
    std::string text(amk_device(model.get(), nullptr, 0) + 1, '\0');
    amk_device(model.get(), text.data(), text.size());
    text.pop_back(); // the final zero
    return text;
  }

  std::vector<int32_t> stopTokens() const {
    std::vector<int32_t> ids(amk_eos_token_ids(model.get(), nullptr, 0));
    amk_eos_token_ids(model.get(), ids.data(), ids.size());
    return ids;
  }

private:
  template <typename User>
  static void onLogits(uint64_t position, const float *logits, uint32_t vocab,
                       void *data) {
    auto &user = *static_cast<User *>(data);
    if (user.target.exception)
      return;
    py::gil_scoped_acquire lock;
    try {
      user.target.function(
          position, py::memoryview::from_buffer(
                        logits, {static_cast<py::ssize_t>(vocab)},
                        {static_cast<py::ssize_t>(sizeof(float))}));
    } catch (...) {
      user.target.exception = std::current_exception();
      amk_abort(user.model);
    }
  }

  /// Runs `call` without Python's lock. The runtime allows one call at a time.
  template <typename Call> int exclusively(Call call) {
    std::unique_lock<std::mutex> lock(busy, std::try_to_lock);
    if (!lock)
      throwError("the model is busy with another call; finish or close its "
                 "iterator first");
    py::gil_scoped_release unlock;
    return call();
  }

  struct Close {
    void operator()(amk_model *model) const { amk_model_close(model); }
  };
  std::unique_ptr<amk_model, Close> model;
  std::mutex busy;
};

/// Number `ordinal`, or with -1 the first that models can run on.
amk_gpu findGpu(int32_t ordinal) {
  amk_gpu gpu;
  Message message;
  int status;
  {
    py::gil_scoped_release unlock;
    status = amk_find_gpu(ordinal, &gpu, message.out());
  }
  if (status < 0)
    message.raise();
  return gpu;
}

} // namespace

PYBIND11_MODULE(_native, module) {
  module.doc() = "The runtime of AutoMegaKernel, over its C interface.";
  if (amk_c_api_version() != AMK_C_API_VERSION)
    throw py::import_error("amk._native: found version " +
                           std::to_string(amk_c_api_version()) +
                           " of the runtime's C interface, expected " +
                           std::to_string(AMK_C_API_VERSION));
  module.attr("LENGTH") = static_cast<int>(AMK_LENGTH);
  module.attr("STOP_TOKEN") = static_cast<int>(AMK_STOP_TOKEN);
  module.attr("CALLBACK") = static_cast<int>(AMK_CALLBACK);
  py::class_<amk_gpu>(module, "Gpu")
      .def_readonly("ordinal", &amk_gpu::ordinal)
      .def_readonly("capability", &amk_gpu::capability)
      .def_readonly("multiprocessors", &amk_gpu::multiprocessors)
      .def_property_readonly(
          "name", [](const amk_gpu &gpu) { return std::string(gpu.name); });
  module.def("find_gpu", findGpu, py::arg("ordinal") = -1);
  py::class_<Model>(module, "Model")
      .def(py::init<const std::string &, const std::optional<std::string> &,
                    uint64_t, const std::optional<std::string> &>(),
           py::arg("bundle"), py::arg("weights"), py::arg("dummy_seed") = 0,
           py::arg("device") = py::none())
      .def("generate", &Model::generate, py::arg("ids"), py::arg("max_new"),
           py::arg("steps_per_launch"), py::arg("callback"))
      .def("score", &Model::score, py::arg("ids"), py::arg("callback"))
      .def("abort", &Model::abort)
      .def_property_readonly("vocab_size", &Model::vocabSize)
      .def_property_readonly("max_context", &Model::maxContext)
      .def_property_readonly("workers", &Model::workers)
      .def_property_readonly("arch", &Model::arch)
      .def_property_readonly("device", &Model::device)
      .def_property_readonly("stop_tokens", &Model::stopTokens);
}
