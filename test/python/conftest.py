# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small tokenizers made on the spot, and the package as `make` builds it."""

import json
import pathlib
import sys

import pytest
import tokenizers
from tokenizers import (Tokenizer, decoders, models, pre_tokenizers,
                        processors, trainers)

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The tested files are those of the source tree unless PYTHONPATH says
# otherwise, as `make check` does to have the native module.
sys.path.append(str(ROOT / "python"))

CORPUS = ["To be, or not to be: that is the question."] * 20


def byte_level_tokenizer():
    """256 bytes and few merges: a character outside ASCII takes several
    tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=290, special_tokens=["<s>", "</s>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def sentencepiece_tokenizer():
    """Llama 2's kind: U+2581 for spaces, a leading one that decoding strips,
    bytes for unknown characters."""
    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    pieces += ["▁", "▁to", "▁be", "to", "be", "t", "o", "b", "e"]
    vocab = {piece: index for index, piece in enumerate(pieces)}
    merges = [("t", "o"), ("b", "e"), ("▁", "to"), ("▁", "be")]
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges,
                                     unk_token="<unk>", fuse_unk=True,
                                     byte_fallback=True))
    tokenizer.normalizer = tokenizers.normalizers.Sequence([
        tokenizers.normalizers.Prepend("▁"),
        tokenizers.normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
        decoders.Strip(" ", 1, 0)])
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


KINDS = {"byte-level": byte_level_tokenizer,
         "sentencepiece": sentencepiece_tokenizer}


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


def write_json(path, value):
    path.write_text(json.dumps(value), encoding="utf-8")


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
