# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Text to token ids and back, and chat templates."""

import datetime
import json
import pathlib

from .errors import Error

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class StreamDecoder:
    """Token ids to text as they come. The pieces, joined, are what decoding
    all ids at once gives. (One exception: where bytes that are no UTF-8 follow
    a character, SentencePiece's byte fallback replaces that character too,
    which has been given out by then.)

    A token can hold a part of a character, and the text of a token can depend
    on the one before it (SentencePiece spaces). So the text of a token is the
    difference between decoding a window with and without it, and it is held
    back while it ends in an incomplete character.
    """

    def __init__(self, decode):
        self._decode = decode
        self._window = []
        self._given = 0  # tokens of the window whose text was given out

    def push(self, token):
        """The text that `token` completes; often one word, sometimes ""."""
        self._window.append(token)
        before = self._decode(self._window[:self._given])
        text = self._decode(self._window)
        if len(text) <= len(before) or text.endswith(_REPLACEMENT):
            return ""
        self._window = self._window[self._given:]
        self._given = len(self._window)
        return text[len(before):]

    def finish(self):
        """What is left when no more tokens come."""
        before = self._decode(self._window[:self._given])
        text = self._decode(self._window)
        self._window, self._given = [], 0
        return text[len(before):]


class Tokenizer:
    """tokenizer.json of a model directory, by the `tokenizers` package."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        path = self.directory / "tokenizer.json"
        if not path.is_file():
            raise Error(f"{path}: not found; text needs a tokenizer in the "
                        f"format of the tokenizers package")
        try:
            import tokenizers
        except ImportError:
            raise Error("the package tokenizers, which turns text into token "
                        "ids, is not installed; run `pip install "
                        "tokenizers`") from None
        try:
            self._tokenizer = tokenizers.Tokenizer.from_file(str(path))
        except Exception as error:  # its errors are plain Exception
            raise Error(f"{path}: {error}") from None
        # A file may ask for padding and cutting for training.
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._config = _read_json(self.directory / "tokenizer_config.json")

    @property
    def vocab_size(self):
        """Number of entries, added tokens included."""
        return self._tokenizer.get_vocab_size(with_added_tokens=True)

    def encode(self, text, add_special_tokens=True):
        """Ids of a text; with the start token if the tokenizer's
        post-processor adds one."""
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            # What Python makes of argument bytes that are no UTF-8.
            raise Error(f"the text is not valid Unicode: character "
                        f"{error.start}: found {text[error.start]!a}") from None
        return self._tokenizer.encode(
            text, add_special_tokens=add_special_tokens).ids

    def decode(self, ids, skip_special_tokens=True):
        return self._tokenizer.decode(
            list(ids), skip_special_tokens=skip_special_tokens)

    def stream(self):
        return StreamDecoder(self.decode)

    def chat_template(self):
        """The template's text, or None."""
        path = self.directory / "chat_template.jinja"
        if path.is_file():
            try:
                return path.read_text(encoding="utf-8")
            except (OSError, ValueError) as error:
                raise Error(f"{path}: {error}") from None
        template = self._config.get("chat_template")
        if isinstance(template, list):  # several, with names
            named = {entry.get("name"): entry.get("template")
                     for entry in template if isinstance(entry, dict)}
            template = named.get("default")
        if template is not None and not isinstance(template, str):
            raise Error(f"{self.directory / 'tokenizer_config.json'}: "
                        f"chat_template: expected a text")
        return template

    def apply_chat_template(self, messages, add_generation_prompt=True):
        """The prompt text of a conversation, [{"role": ..., "content": ...}].
        The template writes the special tokens itself: encode the result with
        add_special_tokens=False."""
        template = self.chat_template()
        if template is None:
            raise Error(f"{self.directory}: this model's tokenizer has no chat "
                        f"template (chat_template.jinja, or chat_template in "
                        f"tokenizer_config.json); give a plain prompt")
        return _render(template, self.directory, messages=messages,
                       add_generation_prompt=add_generation_prompt, tools=None,
                       documents=None, **self._special_tokens())

    def encode_chat(self, messages):
        return self.encode(self.apply_chat_template(messages),
                           add_special_tokens=False)

    def _special_tokens(self):
        """bos_token, eos_token ... as texts, for the template."""
        tokens = _read_json(self.directory / "special_tokens_map.json")
        tokens.update(self._config)
        result = {}
        for name, value in tokens.items():
            if isinstance(value, dict):
                value = value.get("content")
            if name.endswith("_token") and isinstance(value, str):
                result[name] = value
        return result


def _read_json(path):
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Error(f"{path}: {error}") from None
    if not isinstance(value, dict):
        raise Error(f"{path}: found a {type(value).__name__}, expected an "
                    f"object")
    return value


def _render(template, directory, **variables):
    try:
        import jinja2
        import jinja2.ext
        import jinja2.sandbox
    except ImportError:
        raise Error("the package jinja2, which chat templates need, is not "
                    "installed; run `pip install jinja2`") from None

    class GenerationTag(jinja2.ext.Extension):
        """{% generation %} marks the assistant's words for training; here its
        content is all that counts."""
        tags = {"generation"}

        def parse(self, parser):
            next(parser.stream)
            return parser.parse_statements(["name:endgeneration"],
                                           drop_needle=True)

    def raise_exception(message):
        raise jinja2.TemplateError(message)

    def to_json(value, **options):
        return json.dumps(value, ensure_ascii=False, **options)

    # A template comes with the checkpoint and is as little trusted.
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True,
        extensions=[GenerationTag, "jinja2.ext.loopcontrols"])
    environment.filters["tojson"] = to_json
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = (
        lambda form: datetime.datetime.now().strftime(form))
    try:
        return environment.from_string(template).render(**variables)
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError,
            LookupError, AttributeError, RecursionError) as error:
        raise Error(f"{directory}: chat template: {error}") from None
