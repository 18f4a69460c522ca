//===- CodeChoice.h - Which code object a GPU runs --------------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_RUNTIME_CUDA_CODECHOICE_H
#define AMK_LIB_RUNTIME_CUDA_CODECHOICE_H

#include "Driver.h"
#include "amk/Runtime/Manifest.h"

#include <string>

namespace amk::runtime::cuda {

/// Why no kernel of a bundle runs on `device`; empty if some may.
std::string obstacle(const DeviceInfo &device);

/// Why `code` does not run on `device`; empty if it does. A cubin runs on the
/// GPU that it is for; PTX on that and on later ones, with an "a" in its
/// architecture only on that.
std::string obstacle(const CodeInfo &code, const DeviceInfo &device);

struct CodeChoice {
  size_t index = 0;   ///< in Manifest::code
  std::string reason; ///< "cubin for this GPU"
};

/// The cubin for the device if there is one, else the PTX of the highest
/// architecture that it runs. `arch` not empty: only code of that name. `trace`:
/// only code that writes a trace, else only code that does not. Throws
/// amk::Error that lists what is wrong with each object.
CodeChoice chooseCode(const Manifest &manifest, const DeviceInfo &device,
                      const std::string &arch, const std::string &where,
                      bool trace = false);

} // namespace amk::runtime::cuda

#endif // AMK_LIB_RUNTIME_CUDA_CODECHOICE_H
