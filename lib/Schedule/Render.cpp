//===- Render.cpp - Violations as text ------------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Schedule/Verifier.h"

using namespace amk::schedule;

const char *amk::schedule::ruleId(Rule rule) {
  switch (rule) {
  case Rule::Reference:
    return "AMK-S1";
  case Rule::Bounds:
    return "AMK-S2";
  case Rule::Resources:
    return "AMK-S3";
  case Rule::Range:
    return "AMK-S4";
  case Rule::Form:
    return "AMK-S5";
  case Rule::Deadlock:
    return "AMK-D1";
  case Rule::ReadBeforeWrite:
    return "AMK-R1";
  case Rule::WriteAfterRead:
    return "AMK-R2";
  case Rule::WriteAfterWrite:
    return "AMK-R3";
  case Rule::PlainOverTag:
    return "AMK-R4";
  case Rule::UnorderedReduce:
    return "AMK-N1";
  case Rule::Undefined:
    return "AMK-C1";
  case Rule::Incomplete:
    return "AMK-C2";
  case Rule::WrittenTwice:
    return "AMK-C3";
  case Rule::Clobbered:
    return "AMK-C4";
  case Rule::WrongVersion:
    return "AMK-C5";
  case Rule::RingOverrun:
    return "AMK-G1";
  case Rule::ParityAlias:
    return "AMK-P1";
  case Rule::TagAlias:
    return "AMK-T1";
  }
  return "AMK-??";
}

static std::string place(const Program &program, ActionRef ref) {
  const Agent &agent = program.agents[ref.agent];
  return agent.name + ", task " + agent.actions[ref.action].name;
}

std::string amk::schedule::render(const Program &program,
                                  const Violation &violation) {
  std::string text = std::string("error [") + ruleId(violation.rule) + "] ";
  if (violation.anchored)
    text += place(program, violation.anchor) + ": ";
  text += violation.message;
  for (const Related &related : violation.related)
    text += "\n  note: " + place(program, related.action) + ": " + related.note;
  if (violation.relatedOmitted)
    text +=
        "\n  note: and " + std::to_string(violation.relatedOmitted) + " more";
  return text;
}
