# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finds the files of a model: a local directory or a HuggingFace hub id."""

import os
import pathlib
import re

from .errors import Error

# What compiling and running need; pickled weights are never fetched.
_PATTERNS = [
    "config.json",
    "generation_config.json",
    "*.safetensors",
    "*.safetensors.index.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


def resolve(path_or_id):
    """The local directory of a model. A directory that exists wins over a hub
    id of the same spelling."""
    name = os.fspath(path_or_id)
    path = pathlib.Path(name)
    try:
        is_directory = bool(name) and path.is_dir()
        exists = bool(name) and path.exists()
    except (OSError, ValueError) as error:  # no permission, too long, NUL
        raise Error(f"model '{name}': "
                    f"{getattr(error, 'strerror', None) or error}") from None
    if is_directory:
        return path
    if exists:
        raise Error(f"{name}: found a file, expected a model directory or a "
                    f"hub id")
    if not _HUB_ID.fullmatch(name):
        raise Error(f"model '{name}': no such directory")
    return _download(name)


def _download(hub_id):
    try:
        import huggingface_hub
    except ImportError:
        raise Error(
            f"{hub_id}: no such directory, and the package huggingface_hub, "
            f"which would fetch a hub id, is not installed; run `pip install "
            f"huggingface_hub`, or give a local directory") from None
    try:
        return pathlib.Path(huggingface_hub.snapshot_download(
            hub_id, allow_patterns=_PATTERNS))
    except Exception as error:  # the hub's own errors have many types
        raise Error(
            f"{hub_id}: no such directory, and the HuggingFace hub has not "
            f"delivered it ({_first_line(error)}); check the id, the network, "
            f"HF_HUB_OFFLINE and, for a gated model, `hf auth login`, or give "
            f"a local directory") from None


def _first_line(error):
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
