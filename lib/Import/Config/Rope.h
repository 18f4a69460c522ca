//===- Rope.h - Reads rotary embedding parameters ---------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_IMPORT_CONFIG_ROPE_H
#define AMK_LIB_IMPORT_CONFIG_ROPE_H

#include "amk/Import/ModelConfig.h"
#include "amk/Support/Json.h"

namespace amk {

/// Reads rope_theta with rope_scaling, or rope_parameters (transformers 5), of
/// a config.json. Throws amk::Error.
RopeConfig parseRope(const JsonView &config);

} // namespace amk

#endif // AMK_LIB_IMPORT_CONFIG_ROPE_H
