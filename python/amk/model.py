# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A compiled model with its weights and its tokenizer."""

import os
import queue
import sys
import threading

from .compile import compile_model
from .device import choose
from .errors import Error
from .hub import resolve
from .tokenizer import Tokenizer


def load_native():
    """The module amk._native; Error if it was not built."""
    try:
        from . import _native
    except ImportError as error:
        raise Error(f"the native module amk._native cannot be loaded "
                    f"({error}); build it with `cmake --build build --target "
                    f"amk-python` and put build/python on PYTHONPATH, or run "
                    f"`pip install ./python`") from None
    return _native


class Model:
    """Use Model.from_pretrained. One generation at a time."""

    def __init__(self, bundle, model_dir, device=None):
        """A bundle written by amk-compile, with the weights and the tokenizer
        of `model_dir`. device: "cpu" or "cuda:N"; None: what the bundle is
        for, and of GPUs the first."""
        self._native = load_native()
        self.bundle = bundle
        self.model_dir = model_dir
        # As bytes: not every path is Unicode.
        self._model = self._native.Model(os.fsencode(bundle),
                                         os.fsencode(model_dir), 0, device)
        self._tokenizer = None

    @classmethod
    def from_pretrained(cls, path_or_hub_id, *, device="auto", workers=None,
                        max_context=None, progress=False):
        """Compiles the model unless the cache has it, and loads it.

        path_or_hub_id: a HuggingFace directory, or the id of one on the hub.
        device: "cpu", "cuda:N", or "auto": the first GPU that can run it, else
        the CPU. workers: threads, on a GPU blocks; max_context: positions of
        the KV cache. None leaves the choice to amk-compile. progress: say on
        stderr where it runs and what takes time.
        """
        load_native()  # before work that would be for nothing
        chosen = choose(device)
        if progress:
            print(f"amk: running on {chosen.describe()}", file=sys.stderr)
        directory = resolve(path_or_hub_id)
        bundle = compile_model(directory, device=chosen, workers=workers,
                               max_context=max_context, progress=progress)
        try:
            return cls(bundle, directory, chosen.name)
        except Error as error:
            if not str(error).startswith(str(bundle)):
                if not chosen.gpu:
                    raise
                # Memory, or a driver that is too old for the code.
                raise Error(f"{error}; --device cpu runs on the CPU") from None
            raise Error(f"{error}; delete {bundle} to have the model compiled "
                        f"again") from None

    @property
    def tokenizer(self):
        """Loaded when first used: ids alone need none."""
        if self._tokenizer is None:
            tokenizer = Tokenizer(self.model_dir)
            if tokenizer.vocab_size > self.vocab_size:
                raise Error(
                    f"{self.model_dir}: tokenizer.json: found "
                    f"{tokenizer.vocab_size} entries, expected at most "
                    f"{self.vocab_size}, the model's vocabulary")
            self._tokenizer = tokenizer
        return self._tokenizer

    @property
    def vocab_size(self):
        return self._model.vocab_size

    @property
    def max_context(self):
        return self._model.max_context

    @property
    def workers(self):
        return self._model.workers

    @property
    def arch(self):
        """Instruction-set level of the code that runs."""
        return self._model.arch

    @property
    def device(self):
        """"cpu" or "cuda:N", and the name of what it is."""
        return self._model.device

    @property
    def stop_tokens(self):
        return self._model.stop_tokens

    def encode_prompt(self, prompt):
        """Ids of a text, or of a conversation: a list of
        {"role": ..., "content": ...}, through the model's chat template."""
        if isinstance(prompt, str):
            ids = self.tokenizer.encode(prompt)
        else:
            ids = self.tokenizer.encode_chat(prompt)
        if not ids:
            raise Error("the prompt has no tokens, expected at least one")
        return ids

    def generate(self, prompt, max_new_tokens=64, stream=True,
                 steps_per_launch=0):
        """Continues a text or a conversation greedily, up to a stop token.

        With stream=True an iterator of pieces of text, each as soon as it is
        known; otherwise the whole text. A stop token's own text is left out.
        """
        ids = self.encode_prompt(prompt)
        pieces = self._pieces(ids, max_new_tokens, steps_per_launch)
        return pieces if stream else "".join(pieces)

    def _pieces(self, ids, max_new_tokens, steps_per_launch):
        decoder = self.tokenizer.stream()
        stop_tokens = set(self.stop_tokens)
        for token in self.generate_ids(ids, max_new_tokens, steps_per_launch):
            if token in stop_tokens:
                break
            piece = decoder.push(token)
            if piece:
                yield piece
        rest = decoder.finish()
        if rest:
            yield rest

    def generate_ids(self, ids, max_new_tokens=64, steps_per_launch=0):
        """An iterator of new token ids; a stop token is the last one.
        steps_per_launch: tokens that one launch of the program computes; 0
        leaves the choice to the runtime."""
        ids = self._checked_ids(ids)
        for name, value in (("max_new_tokens", max_new_tokens),
                            ("steps_per_launch", steps_per_launch)):
            if not 0 <= value < 1 << 31:
                raise Error(f"{name}: found {value}, expected 0 to "
                            f"{(1 << 31) - 1}")
        return self._stream_ids(ids, max_new_tokens, steps_per_launch)

    def _checked_ids(self, ids):
        ids = [int(token) for token in ids]
        for token in ids:
            if not 0 <= token < self.vocab_size:
                raise Error(f"token id {token}: expected 0 to "
                            f"{self.vocab_size - 1}")
        return ids

    def _stream_ids(self, ids, max_new_tokens, steps_per_launch):
        """The runtime calls back from a thread of its own, which leaves this
        one free for the caller's work and for Ctrl-C."""
        items = queue.SimpleQueue()
        closed = threading.Event()

        def on_token(token):
            items.put(token)
            return closed.is_set()

        def run():
            try:
                self._model.generate(ids, max_new_tokens, steps_per_launch,
                                     on_token)
                items.put(None)
            except BaseException as error:  # handed over, not swallowed
                items.put(error)

        thread = threading.Thread(target=run, name="amk-generate", daemon=True)
        thread.start()
        try:
            while (item := items.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
            thread.join()
        finally:
            # Ends the call at its next token; abort() also while it is still
            # at work on the prompt.
            closed.set()
            if thread.is_alive():
                self._model.abort()
            thread.join()

    def logits(self, ids):
        """float32 logits [positions][vocabulary] of the ids taken as one text,
        as a numpy array."""
        import numpy

        ids = self._checked_ids(ids)
        result = numpy.empty((len(ids), self.vocab_size), numpy.float32)

        def on_logits(position, row):
            result[position] = row

        self._model.score(ids, on_logits)
        return result
