//===- DType.h - Element types of tensors -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_SUPPORT_DTYPE_H
#define AMK_SUPPORT_DTYPE_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace amk {

/// Element types that checkpoints of the supported families use.
enum class DType : uint32_t { F32 = 0, F16 = 1, BF16 = 2 };

/// Bytes per element.
uint64_t byteSize(DType type);
/// safetensors spelling: "F32", "F16", "BF16".
std::string_view dtypeName(DType type);
std::optional<DType> dtypeFromName(std::string_view name);

float halfToFloat(uint16_t bits);
uint16_t floatToHalf(float value); ///< round to nearest even
float bfloatToFloat(uint16_t bits);
uint16_t floatToBfloat(float value); ///< round to nearest even

} // namespace amk

#endif // AMK_SUPPORT_DTYPE_H
