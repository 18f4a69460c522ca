//===- Sources.h - Artefacts to damage -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_ARTEFACT_SOURCES_H
#define AMK_TEST_EXPERIMENT_ARTEFACT_SOURCES_H

#include "amk/Schedule/Tables.h"

#include <optional>
#include <string>
#include <vector>

namespace amk::artefact {

struct Source {
  std::string name;
  std::string tables;   ///< bytes of tables.bin
  std::string manifest; ///< text of manifest.json; empty: tables alone
};

/// A directory that amk-compile wrote.
Source bundleSource(const std::string &directory);

/// Small models, compiled in different ways, in directories below `directory`.
/// `compiler` is a path of amk-compile. Throws amk::Error if it fails.
std::vector<Source> compiledSources(const std::string &compiler,
                                    const std::string &directory);

/// A file with one program in the form of docs/ScheduleSpec.md, or an object
/// with such a program as its member "program". None if tables cannot hold it:
/// their queues are ordered by worker, two at most for each.
std::optional<Source> programSource(const std::string &path);

} // namespace amk::artefact

#endif // AMK_TEST_EXPERIMENT_ARTEFACT_SOURCES_H
