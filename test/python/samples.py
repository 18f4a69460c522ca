# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small tokenizers made on the spot."""

import json

import tokenizers
from tokenizers import (Tokenizer, decoders, models, pre_tokenizers,
                        processors, trainers)

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


def write_json(path, value):
    path.write_text(json.dumps(value), encoding="utf-8")
