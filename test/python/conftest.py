# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sample models and compilers, and the package as `make` builds it."""

import pathlib
import sys

import pytest

from samples import KINDS, byte_level_tokenizer, write_json

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The tested files are those of the source tree unless PYTHONPATH says
# otherwise, as `make check` does to have the native module.
sys.path.append(str(ROOT / "python"))


@pytest.fixture(params=sorted(KINDS))
def tokenizer_dir(request, tmp_path):
    """A directory with tokenizer.json of each kind."""
    KINDS[request.param]().save(str(tmp_path / "tokenizer.json"))
    return tmp_path


@pytest.fixture
def chat_dir(tmp_path):
    """A byte-level tokenizer whose configuration a test completes."""
    byte_level_tokenizer().save(str(tmp_path / "tokenizer.json"))
    return tmp_path


@pytest.fixture
def fake_model(tmp_path):
    """A model directory that only hashing looks at."""
    directory = tmp_path / "model"
    directory.mkdir()
    write_json(directory / "config.json", {"model_type": "llama"})
    header = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    (directory / "model.safetensors").write_bytes(
        len(header).to_bytes(8, "little") + header + bytes(4))
    return directory


@pytest.fixture
def fake_compiler(tmp_path, monkeypatch):
    """An amk-compile that writes a manifest and counts its calls."""
    directory = tmp_path / "bin"
    directory.mkdir()
    tool = directory / "amk-compile"

    def write(body):
        tool.write_text("#!/bin/sh\n" + body, encoding="utf-8")
        tool.chmod(0o755)

    # $1 model, $2 -o, $3 bundle
    write('echo call >> "$0.calls"\nmkdir -p "$3"\n'
          'echo "{}" > "$3/manifest.json"\n')
    monkeypatch.setenv("AMK_BIN_DIR", str(directory))
    monkeypatch.setenv("AMK_CACHE_DIR", str(tmp_path / "cache"))
    tool_calls = directory / "amk-compile.calls"

    class Compiler:
        path = tool
        script = staticmethod(write)

        @staticmethod
        def calls():
            return (len(tool_calls.read_text().split())
                    if tool_calls.exists() else 0)

    return Compiler
