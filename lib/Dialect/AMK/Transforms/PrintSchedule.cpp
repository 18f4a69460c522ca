//===- PrintSchedule.cpp - Schedules for people and tools -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Dialect/AMK/IR/ScheduleModel.h"
#include "amk/Dialect/AMK/Transforms/Passes.h"

#include "mlir/Support/FileUtilities.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/ToolOutputFile.h"

namespace mlir::amk {
#define GEN_PASS_DEF_PRINTSCHEDULE
#include "amk/Dialect/AMK/Transforms/Passes.h.inc"
} // namespace mlir::amk

using namespace mlir;
using namespace mlir::amk;
namespace sched = ::amk::schedule;

/// The kind of a task: its operation's name without the level.
static StringRef kindOf(TaskOpInterface task) {
  StringRef name = task->getName().stripDialect();
  name.consume_front("task.");
  return name;
}

namespace {

/// What every format needs of a schedule.
struct View {
  explicit View(ScheduleOp schedule)
      : schedule(schedule), model(buildScheduleModel(schedule)) {}

  const sched::Action &action(size_t worker, size_t position) const {
    return model.program.agents[worker].actions[position];
  }
  StringRef counter(uint32_t index) const {
    return model.program.counters[index].name;
  }
  const std::string &queue(size_t index) const {
    return model.program.agents[index].name;
  }

  ScheduleOp schedule;
  ScheduleModel model;
};

} // namespace

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static std::string waitsText(const View &view, const sched::Action &action) {
  std::string text;
  for (const sched::Wait &wait : action.waits)
    text += llvm::formatv("{0}{1} >= {2}", text.empty() ? "" : ", ",
                          view.counter(wait.counter), wait.threshold)
                .str();
  return text.empty() ? "-" : text;
}

static std::string signalsText(const View &view, const sched::Action &action) {
  std::string text;
  for (const sched::Signal &signal : action.signals)
    text += llvm::formatv("{0}{1} += {2}", text.empty() ? "" : ", ",
                          view.counter(signal.counter), signal.amount)
                .str();
  return text.empty() ? "-" : text;
}

/// Rows of cells, each column as wide as its widest cell.
static void printTable(raw_ostream &os,
                       ArrayRef<SmallVector<std::string>> rows) {
  SmallVector<size_t> widths(rows.front().size());
  for (const auto &row : rows)
    for (auto [width, cell] : llvm::zip_equal(widths, row))
      width = std::max(width, cell.size());
  for (const auto &row : rows) {
    std::string line;
    for (auto [width, cell] : llvm::zip_equal(widths, row))
      line += "  " + cell + std::string(width - cell.size(), ' ');
    os << StringRef(line).rtrim() << '\n';
  }
}

static void printText(raw_ostream &os, ArrayRef<View> views) {
  for (const View &view : views) {
    ScheduleOp schedule = view.schedule;
    os << "schedule @" << schedule.getSymName() << ": " << schedule.getWorkers()
       << " workers, " << view.model.program.counters.size() << " counters";
    if (auto bytes = schedule.getArenaBytes())
      os << ", " << *bytes << " bytes of activations";
    os << (schedule.getUnsynchronized() ? ", unsynchronized\n" : "\n");
    for (auto [worker, queue] : llvm::enumerate(view.model.tasks)) {
      os << '\n' << view.queue(worker) << '\n';
      SmallVector<SmallVector<std::string>> rows;
      rows.push_back({"task", "kind", "waits", "signals", "stream"});
      for (auto [position, element] : llvm::enumerate(queue)) {
        TaskOpInterface task = element;
        const sched::Action &action = view.action(worker, position);
        IntegerAttr stream = task.getStreamOffsetAttr();
        rows.push_back({action.name, kindOf(task).str(),
                        waitsText(view, action), signalsText(view, action),
                        stream ? std::to_string(stream.getInt()) : "-"});
      }
      printTable(os, rows);
    }
    os << '\n';
  }
}

//===----------------------------------------------------------------------===//
// DOT
//===----------------------------------------------------------------------===//

static std::string quoted(StringRef text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    result += c;
  }
  return result + "\"";
}

/// Edges from every producer of a counter to every task that waits for it.
static void printWaitEdges(raw_ostream &os, const View &view,
                           const std::string &prefix) {
  std::vector<SmallVector<std::string>> producers(
      view.model.program.counters.size());
  auto node = [&](size_t worker, size_t position) {
    return llvm::formatv("{0}_{1}_{2}", prefix, worker, position).str();
  };
  for (auto [worker, queue] : llvm::enumerate(view.model.tasks))
    for (size_t position = 0; position < queue.size(); ++position)
      for (const sched::Signal &signal : view.action(worker, position).signals)
        producers[signal.counter].push_back(node(worker, position));
  for (auto [worker, queue] : llvm::enumerate(view.model.tasks))
    for (size_t position = 0; position < queue.size(); ++position)
      for (const sched::Wait &wait : view.action(worker, position).waits) {
        // A wait for the step before is no edge within a step.
        StringRef style = wait.threshold <= 0 ? ", style=dashed" : "";
        for (const std::string &producer : producers[wait.counter])
          os << "  " << producer << " -> " << node(worker, position)
             << " [label=" << quoted(view.counter(wait.counter)) << style
             << "];\n";
      }
}

static void printDot(raw_ostream &os, ArrayRef<View> views) {
  for (auto [index, view] : llvm::enumerate(views)) {
    std::string prefix = "s" + std::to_string(index);
    os << "digraph " << quoted(ScheduleOp(view.schedule).getSymName())
       << " {\n  node [shape=box];\n";
    for (auto [worker, queue] : llvm::enumerate(view.model.tasks)) {
      os << "  subgraph cluster_" << worker
         << " {\n    label=" << quoted(view.queue(worker)) << ";\n";
      for (size_t position = 0; position < queue.size(); ++position) {
        os << "    " << prefix << '_' << worker << '_' << position
           << " [label=" << quoted(view.action(worker, position).name)
           << "];\n";
        if (position > 0)
          os << "    " << prefix << '_' << worker << '_' << position - 1
             << " -> " << prefix << '_' << worker << '_' << position
             << " [style=bold];\n";
      }
      os << "  }\n";
    }
    printWaitEdges(os, view, prefix);
    os << "}\n";
  }
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

/// As the verifier sees them: words with the counters that they belong to.
static void printAccesses(llvm::json::OStream &json,
                          const sched::Program &program,
                          const sched::Action &action) {
  for (const sched::Access &access : action.accesses)
    json.object([&] {
      json.attribute("buffer", program.buffers[access.region.buffer].name);
      json.attribute("mode", stringifyAccessMode(access.mode));
      if (access.counter != sched::Access::kNoCounter)
        json.attribute("counter", program.counters[access.counter].name);
      json.attribute("offset", access.region.offset);
      json.attribute("rows", access.region.rows);
      json.attribute("row_bytes", access.region.rowBytes);
      json.attribute("row_stride", access.region.rowStride);
    });
}

static void printTask(llvm::json::OStream &json, const View &view,
                      TaskOpInterface task, const sched::Action &action) {
  PhaseAttr phase = task.getPhase();
  json.attribute("name", action.name);
  json.attribute("kind", kindOf(task));
  json.attribute("phase", phase.getIndex());
  json.attribute("part", phase.getPart());
  json.attribute("parts", phase.getParts());
  if (auto units = task->getAttrOfType<RangeAttr>("units"))
    json.attribute("units",
                   llvm::json::Array{units.getBegin(), units.getEnd()});
  if (IntegerAttr stream = task.getStreamOffsetAttr())
    json.attribute("stream_offset", stream.getInt());
  json.attributeArray("waits", [&] {
    for (const sched::Wait &wait : action.waits)
      json.object([&] {
        json.attribute("counter", view.counter(wait.counter));
        json.attribute("threshold", wait.threshold);
      });
  });
  json.attributeArray("signals", [&] {
    for (const sched::Signal &signal : action.signals)
      json.object([&] {
        json.attribute("counter", view.counter(signal.counter));
        json.attribute("amount", signal.amount);
      });
  });
  json.attributeArray("accesses", [&] {
    printAccesses(json, view.model.program, action);
  });
}

static void printBuffers(llvm::json::OStream &json, ScheduleOp schedule) {
  for (auto buffer : schedule.getBody().front().getOps<BufferOp>())
    json.object([&] {
      json.attribute("name", buffer.getName());
      json.attribute("kind", stringifyBufferKind(buffer.getKind()));
      json.attribute("bytes", buffer.getBytes());
      if (auto source = buffer.getSource())
        json.attribute("source", *source);
      if (auto worker = buffer.getWorker())
        json.attribute("worker", static_cast<int64_t>(*worker));
      if (auto capacity = buffer.getCapacity())
        json.attribute("capacity", static_cast<int64_t>(*capacity));
      if (auto offset = buffer.getOffset())
        json.attribute("offset", static_cast<int64_t>(*offset));
    });
}

static void printCounter(llvm::json::OStream &json,
                         const sched::Counter &counter) {
  json.attribute("name", counter.name);
  json.attribute("protocol", stringifyProtocol(counter.protocol));
  if (counter.protocol == sched::Protocol::Tag)
    json.attribute("tag_base", counter.tagBase);
  if (counter.protocol == sched::Protocol::Parity)
    json.attribute("barriers", counter.barriers);
}

static void printQueue(llvm::json::OStream &json, const View &view,
                       size_t index) {
  const sched::Agent &agent = view.model.program.agents[index];
  json.attribute("name", agent.name);
  json.attribute("worker", agent.worker);
  json.attributeArray("tasks", [&] {
    for (auto [position, task] : llvm::enumerate(view.model.tasks[index]))
      json.object([&, position = position, task = task] {
        printTask(json, view, task, view.action(index, position));
      });
  });
}

static void printSchedule(llvm::json::OStream &json, const View &view) {
  ScheduleOp schedule = view.schedule;
  json.attribute("name", schedule.getSymName());
  json.attribute("synchronized", !schedule.getUnsynchronized());
  if (auto bytes = schedule.getArenaBytes())
    json.attribute("arena_bytes", static_cast<int64_t>(*bytes));
  json.attributeArray("buffers", [&] { printBuffers(json, schedule); });
  json.attributeArray("counters", [&] {
    for (const sched::Counter &counter : view.model.program.counters)
      json.object([&] { printCounter(json, counter); });
  });
  json.attributeArray("queues", [&] {
    for (size_t index = 0; index < view.model.tasks.size(); ++index)
      json.object([&] { printQueue(json, view, index); });
  });
}

/// One object with all schedules, whatever their number.
static void printJson(raw_ostream &os, ArrayRef<View> views) {
  llvm::json::OStream json(os, /*IndentSize=*/1);
  json.object([&] {
    json.attributeArray("schedules", [&] {
      for (const View &view : views)
        json.object([&] { printSchedule(json, view); });
    });
  });
  os << '\n';
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

namespace {

struct PrintSchedule
    : public mlir::amk::impl::PrintScheduleBase<PrintSchedule> {
  using PrintScheduleBase::PrintScheduleBase;

  void runOnOperation() override {
    if (failed(printSchedules()))
      signalPassFailure();
    markAllAnalysesPreserved();
  }

  LogicalResult printSchedules();

  InFlightDiagnostic error() {
    return getOperation().emitError() << getArgument() << ": ";
  }
};

} // namespace

LogicalResult PrintSchedule::printSchedules() {
  auto print =
      llvm::StringSwitch<void (*)(raw_ostream &, ArrayRef<View>)>(format)
          .Case("text", printText)
          .Case("dot", printDot)
          .Case("json", printJson)
          .Default(nullptr);
  if (!print)
    return error() << "format: found '" << format
                   << "', expected text, dot or json";
  std::vector<View> views;
  for (auto schedule : getOperation().getOps<ScheduleOp>())
    views.emplace_back(schedule);
  if (views.empty())
    return error() << "expected a schedule in the module, found none";

  std::string message;
  std::unique_ptr<llvm::ToolOutputFile> file = openOutputFile(output, &message);
  if (!file)
    return error() << "output: " << message;
  print(file->os(), views);
  file->os().flush();
  if (file->os().has_error()) {
    message = file->os().error().message();
    file->os().clear_error();
    return error() << "output: cannot write '" << output << "': " << message;
  }
  file->keep();
  return success();
}
