# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cases of all modules here; see registry.py."""

from cases import order, phases, values, writes  # each registers its cases
from cases.registry import all_cases

__all__ = ["all_cases", "order", "phases", "values", "writes"]
