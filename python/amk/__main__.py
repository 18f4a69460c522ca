# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`python -m amk`: the same as the command `amk`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
