# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where a model runs: "cpu", "cuda:N", or "auto", which is the first GPU that
can run one, else the CPU. The runtime knows which GPUs can."""

import re
import typing

from .errors import Error

EXPECTED = "auto, cpu or cuda:NUMBER"


class Device(typing.NamedTuple):
    """The CPU, or a GPU of this machine."""
    name: str  # "cpu", "cuda:0"
    why: str = ""  # why "auto" is this one
    gpu: object = None  # amk._native.Gpu

    @property
    def target(self):
        """What amk-compile calls it."""
        return "cuda" if self.gpu else "cpu"

    def describe(self):
        """For people."""
        if not self.gpu:
            return "the CPU" + (f": no usable GPU ({self.why})"
                                if self.why else "")
        return (f"{self.name}: {self.gpu.name}, sm_{self.gpu.capability}, "
                f"{self.gpu.multiprocessors} multiprocessors")


def parse(text):
    """(kind, number) of "auto", "cpu", "cuda:N" or "cuda", the first."""
    match = re.fullmatch(r"(auto|cpu)|cuda(?::([0-9]{1,3}))?", str(text))
    if not match:
        raise Error(f"device: found {str(text)!r}, expected {EXPECTED}")
    return match[1] or "cuda", int(match[2] or 0)


def choose(text="auto"):
    """The Device that `text` means here. A GPU that is named must be usable."""
    kind, number = parse(text)
    if kind == "cpu":
        return Device("cpu")
    from .model import load_native
    native = load_native()
    try:
        gpu = native.find_gpu(-1 if kind == "auto" else number)
    except Error as error:
        if kind == "auto":
            return Device("cpu", str(error))
        raise Error(f"device {error}; --device cpu runs on the CPU") from None
    return Device(f"cuda:{gpu.ordinal}", gpu=gpu)
