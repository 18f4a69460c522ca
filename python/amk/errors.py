# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The one exception type of the package."""


class Error(Exception):
    """What went wrong: "<file>: <field>: found <x>, expected <y>"."""
