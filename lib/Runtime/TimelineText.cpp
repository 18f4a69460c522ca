//===- TimelineText.cpp - Timelines for people and for Perfetto -----------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Runtime/Timeline.h"
#include "amk/Support/Error.h"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

using namespace amk;
using namespace amk::runtime;

static std::string format(const char *text, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, text);
  std::vsnprintf(line, sizeof(line), text, arguments);
  va_end(arguments);
  return line;
}

//===----------------------------------------------------------------------===//
// Perfetto: the Trace Event Format
//===----------------------------------------------------------------------===//

namespace {

/// Events one after the other, each on a line of its own.
class TraceWriter {
public:
  explicit TraceWriter(std::ostream &out) : out(out) {
    out << "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[";
  }
  ~TraceWriter() { out << "\n]}\n"; }

  void name(const char *kind, uint32_t process, uint32_t thread,
            const std::string &text) {
    begin() << "{\"ph\":\"M\",\"name\":\"" << kind << "\",\"pid\":" << process
            << ",\"tid\":" << thread
            << ",\"args\":{\"name\":" << quoted(text) << "}}";
  }
  /// Nothing for what took no time. `more`: text of further fields.
  void slice(uint32_t process, uint32_t thread, const std::string &text,
             double from, double to, const std::string &more = "") {
    if (to <= from)
      return;
    begin() << "{\"ph\":\"X\",\"name\":" << quoted(text)
            << ",\"pid\":" << process << ",\"tid\":" << thread
            << format(",\"ts\":%.3f,\"dur\":%.3f", from, to - from) << more
            << "}";
  }
  static std::string quoted(const std::string &text) {
    return nlohmann::json(text).dump();
  }

private:
  std::ostream &begin() {
    out << (isFirst ? "\n" : ",\n");
    isFirst = false;
    return out;
  }
  std::ostream &out;
  bool isFirst = true;
};

} // namespace

void Timeline::writeTrace(std::ostream &out) const {
  enum : uint32_t { kWorkers = 1, kLoaders = 2 };
  TraceWriter writer(out);
  writer.name("process_name", kWorkers, 0, "workers");
  writer.name("process_name", kLoaders, 0, "loaders");
  for (uint32_t worker = 0; worker < tables.workers; ++worker)
    for (uint32_t process : {kWorkers, kLoaders})
      writer.name("thread_name", process, worker,
                  "worker " + std::to_string(worker));
  std::vector<double> published(tables.workers);
  for (const TaskSpan &span : list) {
    std::string task =
        tables.name(tables.instructions[span.instruction].name);
    std::string phase = phaseOfTask(task);
    std::string more =
        ",\"args\":{\"task\":" + TraceWriter::quoted(task) +
        format(",\"position\":%u,\"ring wait us\":%.3f}",
               startPosition + span.step, span.ringWait);
    // Warps without rows begin a task before the one before is published: then
    // its slice begins a little later, as slices of a track do not overlap.
    double begin = std::max(span.begin, published[span.worker]);
    double input = std::max(span.input, begin);
    published[span.worker] = span.published;
    writer.slice(kWorkers, span.worker, phase, begin, span.published, more);
    writer.slice(kWorkers, span.worker, "wait for input", begin, input);
    double weights = std::max(span.weights, input);
    writer.slice(kWorkers, span.worker, "compute", input, weights);
    if (weights != span.published)
      writer.slice(kWorkers, span.worker, "epilogue", weights, span.published);
    if (span.load)
      writer.slice(kLoaders, span.worker, phase, span.load->begin,
                   span.load->end, more);
  }
}

void Timeline::writeTrace(const std::string &path) const {
  std::ofstream file(path, std::ios::trunc);
  writeTrace(file);
  file.close();
  if (!file)
    fail(path, std::string("cannot write: ") + std::strerror(errno));
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

static std::string row(const std::string &name, const TimeSpent &spent,
                       double scale, double tasks) {
  return format("%-20s %8.1f %10.2f %10.2f %10.2f %10.2f %10.2f %10.2f\n",
                name.c_str(), tasks, spent.activations * scale,
                spent.ring * scale, spent.computing * scale,
                spent.epilogue * scale, spent.between * scale,
                spent.all() * scale);
}

static std::string heading(const char *title) {
  return format("%-20s %8s %10s %10s %10s %10s %10s %10s\n", title, "tasks",
                "input", "ring", "compute", "epilogue", "between", "all");
}

/// What the chain's time went to.
std::string Timeline::chainSummary() const {
  struct Part {
    std::string name;
    uint64_t tasks = 0, handOffs = 0;
    double all = 0, input = 0, ring = 0, computing = 0, epilogue = 0;
  };
  std::vector<Part> parts;
  std::vector<ChainLink> chain = longestChain();
  for (const ChainLink &link : chain) {
    const TaskSpan &span = list[link.span];
    std::string name =
        phaseOfTask(tables.name(tables.instructions[span.instruction].name));
    auto part = std::find_if(parts.begin(), parts.end(),
                             [&](const Part &p) { return p.name == name; });
    if (part == parts.end())
      part = parts.insert(part, Part{name});
    ++part->tasks;
    part->handOffs += link.handOff;
    part->all += span.published - link.since;
    // Only what comes after the link before: the rest lay beside it.
    auto after = [&](double from, double to) {
      return std::max(0.0, to - std::max(from, link.since));
    };
    part->input += after(link.since, span.input);
    double use = after(span.input, span.weights);
    double ring = std::min(span.ringWait, use);
    part->ring += ring;
    part->computing += use - ring;
    part->epilogue += after(span.weights, span.published);
  }
  std::string text = format("\nlongest chain: %zu tasks; us a step\n%-20s %8s "
                            "%8s %10s %10s %10s %10s %10s\n",
                            chain.size(), "phase", "tasks", "handoffs", "input",
                            "ring", "compute", "epilogue", "all");
  for (const Part &part : parts)
    text += format("%-20s %8.1f %8.1f %10.2f %10.2f %10.2f %10.2f %10.2f\n",
                   part.name.c_str(), double(part.tasks) / steps,
                   double(part.handOffs) / steps, part.input / steps,
                   part.ring / steps, part.computing / steps,
                   part.epilogue / steps, part.all / steps);
  return text;
}

std::string Timeline::summary() const {
  double scale = 1.0 / steps / tables.workers;
  std::string text =
      format("%u steps from position %u, %u workers: %.1f us, %.1f us a "
             "step\n\n",
             steps, startPosition, tables.workers, length, length / steps);
  text += "us a step, mean of the workers\n" + heading("phase");
  TimeSpent all;
  for (const Phase &phase : byPhase()) {
    text += row(phase.name, phase.spent, scale,
                double(phase.spent.tasks) / steps);
    all.tasks += phase.spent.tasks;
    all.activations += phase.spent.activations;
    all.ring += phase.spent.ring;
    all.computing += phase.spent.computing;
    all.epilogue += phase.spent.epilogue;
    all.between += phase.spent.between;
  }
  text += row("all", all, scale, double(all.tasks) / steps);

  // The extremes of the workers, by what they did not wait for.
  std::vector<TimeSpent> workers = byWorker();
  std::vector<uint32_t> order(workers.size());
  for (uint32_t i = 0; i < order.size(); ++i)
    order[i] = i;
  auto busy = [&](uint32_t w) {
    return workers[w].ring + workers[w].computing + workers[w].epilogue;
  };
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return busy(a) < busy(b); });
  text += "\nus a step, workers by time with weights\n" + heading("worker");
  for (size_t i : {size_t(0), order.size() / 2, order.size() - 1})
    text += row(std::to_string(order[i]), workers[order[i]], 1.0 / steps,
                double(workers[order[i]].tasks) / steps);
  return text + chainSummary();
}
