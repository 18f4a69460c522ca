# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The lit suite: text in, text out, through the tools."""

import ctypes
import os
import shutil

import lit.formats
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "AMK"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.amk_test_binary_dir
# Only these directories hold lit tests; the rest of test/ has other runners.
config.excludes = sorted(
    set(os.listdir(config.test_source_root))
    - {"Conversion", "Dialect", "Docs", "Import", "Pipelines", "Plugin",
       "Target", "Tools", "Transforms"})

llvm_config.with_system_environment(["HOME", "TMP", "TEMP"])
llvm_config.use_default_substitutions()

# Variables of FileCheck are local to a CHECK-LABEL block unless named $GLOBAL;
# lit shows the input around a mismatch.
config.environment["FILECHECK_OPTS"] = "--enable-var-scope --dump-input-filter=error"

# Tests leave no traces in the user's cache.
config.environment["AMK_VERIFY_CACHE"] = "0"

config.substitutions.append(("%{python}", config.python_executable))
config.substitutions.append(("%{source_root}", config.amk_source_dir))
config.substitutions.append(("%{models}",
                             os.path.join(config.amk_source_dir,
                                          "test", "models")))
plugin = os.path.join(config.amk_lib_dir, "AMKPlugin.so")
config.substitutions.append(("%{plugin}", plugin))

llvm_config.add_tool_substitutions(
    ["amk-opt", "amk-compile", "amk-run", "amk-verify", "amk-lsp-server",
     "amk-gpu-test-code",
     ToolSubst("mlir-opt-22",
               command=os.path.join(config.llvm_tools_dir, "mlir-opt")),
     "FileCheck", "not", "count", "split-file"],
    [config.amk_tools_dir, config.llvm_tools_dir])

if os.path.exists(plugin):
    config.available_features.add("mlir-opt-plugin")

# NVIDIA's assembler, from PATH or the usual place of the CUDA toolkit.
ptxas = shutil.which("ptxas") or shutil.which("ptxas",
                                              path="/usr/local/cuda/bin")
if ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%{ptxas}", ptxas))


def has_cuda_device():
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    count = ctypes.c_int(0)
    return (driver.cuInit(0) == 0
            and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
            and count.value > 0)


if has_cuda_device():
    config.available_features.add("cuda")
