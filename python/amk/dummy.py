# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dummy weights: the Python twin of include/amk/Support/Hash.h.

The same name, shape and seed give the same bits as `amk-run --dummy-weights`.
Needs numpy, which the rest of the package does not.
"""

import math

import numpy as np

_MASK = (1 << 64) - 1


def fnv1a(data, seed=0xCBF29CE484222325):
    """64-bit FNV-1a of `data` (bytes)."""
    for byte in data:
        seed = ((seed ^ byte) * 0x100000001B3) & _MASK
    return seed


def mix64(z):
    """Finalizer of splitmix64, of an integer."""
    z = (z + 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def _mix64_array(z):
    """mix64 of a uint64 array; numpy wraps as C++ does."""
    z = z + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def dummy_range(name, shape):
    """(centre, half width) of the values of tensor `name`."""
    if len(shape) == 1 and name.endswith("norm.weight"):
        return 1.0, 0.25
    if name.endswith("embed_tokens.weight"):
        return 0.0, 1.0
    columns = shape[-1] if len(shape) else 1
    return 0.0, math.sqrt(3.0 / columns)


def dummy_tensor(name, shape, seed):
    """float32 values of tensor `name`, before rounding to its dtype."""
    stream = mix64(fnv1a(name.encode("utf-8")) ^ (seed & _MASK))
    with np.errstate(over="ignore"):
        index = np.arange(math.prod(shape), dtype=np.uint64)
        bits = _mix64_array(index + np.uint64(stream)) >> np.uint64(40)
    uniform = bits.astype(np.float32) * np.float32(2.0**-24)
    centre, half_width = (np.float32(x) for x in dummy_range(name, shape))
    signed = np.float32(2) * uniform - np.float32(1)
    return (centre + signed * half_width).reshape(shape)


def to_bytes(values, dtype):
    """Little-endian bytes of float32 `values` rounded (to nearest even) to the
    safetensors dtype "F32", "F16" or "BF16"."""
    values = np.ascontiguousarray(values, dtype="<f4")
    if dtype == "F32":
        return values.tobytes()
    if dtype == "F16":
        return values.astype("<f2").tobytes()
    if dtype == "BF16":
        bits = values.view("<u4")
        rounding = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
        return ((bits + rounding) >> np.uint32(16)).astype("<u2").tobytes()
    raise ValueError(f"dtype {dtype!r}: expected F32, F16 or BF16")
