//===- RawTables.h - Reads tables without the decoder -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The judge of accepted tables must not see them through the code that accepted
// them. This reader believes every count and index, so it is for accepted
// tables only, and shares nothing with lib/Schedule but the layouts of Abi.h.
//
//===----------------------------------------------------------------------===//

#ifndef AMK_TEST_EXPERIMENT_ARTEFACT_RAWTABLES_H
#define AMK_TEST_EXPERIMENT_ARTEFACT_RAWTABLES_H

#include "../mutants/SlowModel.h"

#include <string>

namespace amk::artefact {

mutants::slow::Model modelOfTables(const std::string &bytes);

/// All numbers of a model, in a fixed order: equal texts mean equal models.
std::string textOf(const mutants::slow::Model &model);

} // namespace amk::artefact

#endif // AMK_TEST_EXPERIMENT_ARTEFACT_RAWTABLES_H
