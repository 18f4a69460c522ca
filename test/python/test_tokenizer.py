# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tokenization: streaming equals decoding at once; start tokens; chat."""

import random

import pytest

from amk.errors import Error
from amk.tokenizer import StreamDecoder, Tokenizer
from samples import write_json

TEXTS = [
    "to be",
    " to  be ",
    "naïve café",
    "你好, 🙂🙂 ok",
    "a\nb\n\nc",
    "e\N{COMBINING ACUTE ACCENT}",
    "👩‍👩‍👧",
]


def stream(tokenizer, ids):
    decoder = tokenizer.stream()
    pieces = [decoder.push(token) for token in ids]
    return pieces, decoder.finish()


@pytest.mark.parametrize("text", TEXTS)
def test_pieces_join_to_the_whole(tokenizer_dir, text):
    tokenizer = Tokenizer(tokenizer_dir)
    ids = tokenizer.encode(text)
    pieces, rest = stream(tokenizer, ids)
    assert "".join(pieces) + rest == tokenizer.decode(ids)
    assert tokenizer.decode(ids).strip() == text.strip()


@pytest.mark.parametrize("seed", range(20))
def test_random_ids_join_to_the_whole(tokenizer_dir, seed):
    """Also where the bytes of byte-level tokens are not UTF-8 at all."""
    tokenizer = Tokenizer(tokenizer_dir)
    choice = range(tokenizer.vocab_size)
    if len(tokenizer.decode([3, 4])) == 2:  # byte fallback: see StreamDecoder
        choice = [i for i in choice if not 3 <= i < 3 + 256]
    ids = random.Random(seed).choices(choice, k=60)
    pieces, rest = stream(tokenizer, ids)
    assert "".join(pieces) + rest == tokenizer.decode(ids)


def test_no_piece_holds_a_part_of_a_character(tokenizer_dir):
    tokenizer = Tokenizer(tokenizer_dir)
    ids = tokenizer.encode("é你🙂", add_special_tokens=False)
    assert len(ids) > 3, "the characters must take several tokens each"
    pieces, rest = stream(tokenizer, ids)
    assert rest == ""
    assert [piece for piece in pieces if piece.strip()] == ["é", "你", "🙂"]


def test_unfinished_character_comes_at_the_end(tokenizer_dir):
    tokenizer = Tokenizer(tokenizer_dir)
    ids = tokenizer.encode("ok🙂", add_special_tokens=False)[:-1]
    pieces, rest = stream(tokenizer, ids)
    assert "".join(pieces) == "ok"
    assert rest.startswith("\N{REPLACEMENT CHARACTER}")


def test_decoder_window_stays_small():
    """Cost per token must not grow with the text."""
    longest = 0

    def decode(ids):
        nonlocal longest
        longest = max(longest, len(ids))
        return "".join(chr(97 + i % 26) for i in ids)

    decoder = StreamDecoder(decode)
    text = "".join(decoder.push(i) for i in range(1000)) + decoder.finish()
    assert text == decode(range(1000)) and longest == 1000
    longest = 0
    decoder = StreamDecoder(decode)
    for i in range(1000):
        decoder.push(i)
    assert longest == 2


def test_start_token_only_if_the_post_processor_adds_it(tmp_path):
    from samples import KINDS
    for kind, first in (("sentencepiece", 1), ("byte-level", None)):
        KINDS[kind]().save(str(tmp_path / "tokenizer.json"))
        tokenizer = Tokenizer(tmp_path)
        plain = tokenizer.encode("to be", add_special_tokens=False)
        full = tokenizer.encode("to be")
        assert full == ([first] if first is not None else []) + plain


def test_truncation_and_padding_of_the_file_are_switched_off(chat_dir):
    from tokenizers import Tokenizer as HFTokenizer
    path = str(chat_dir / "tokenizer.json")
    tokenizer = HFTokenizer.from_file(path)
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=50)
    tokenizer.save(path)
    assert 2 < len(Tokenizer(chat_dir).encode("question, q")) < 50


def test_text_that_is_not_unicode(chat_dir):
    with pytest.raises(Error, match=r"character 1: found '\\udcff'"):
        Tokenizer(chat_dir).encode("a\udcff")


def test_missing_tokenizer(tmp_path):
    with pytest.raises(Error, match="tokenizer.json: not found"):
        Tokenizer(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": "1.0"}'])
def test_damaged_tokenizer(tmp_path, content):
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(Error, match="tokenizer.json: "):
        Tokenizer(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", "3"])
def test_damaged_tokenizer_config(chat_dir, content):
    (chat_dir / "tokenizer_config.json").write_text(content)
    with pytest.raises(Error, match="tokenizer_config.json: "):
        Tokenizer(chat_dir)


TEMPLATE = ("{{ bos_token }}{% for m in messages %}[{{ m['role'] }}]"
            "{{ m['content'] }}{{ eos_token }}{% endfor %}"
            "{% if add_generation_prompt %}[assistant]{% endif %}")
MESSAGES = [{"role": "user", "content": "to be?"}]
RENDERED = "<s>[user]to be?</s>[assistant]"


def test_chat_template_in_the_configuration(chat_dir):
    write_json(chat_dir / "tokenizer_config.json",
               {"chat_template": TEMPLATE, "bos_token": "<s>",
                "eos_token": {"content": "</s>", "lstrip": False}})
    tokenizer = Tokenizer(chat_dir)
    assert tokenizer.apply_chat_template(MESSAGES) == RENDERED
    ids = tokenizer.encode_chat(MESSAGES)
    assert ids[0] == 0 and ids.count(0) == 1 and ids.count(1) == 1


def test_named_chat_templates(chat_dir):
    write_json(chat_dir / "tokenizer_config.json",
               {"chat_template": [{"name": "tool_use", "template": "no"},
                                  {"name": "default", "template": "yes"}]})
    assert Tokenizer(chat_dir).apply_chat_template(MESSAGES) == "yes"


def test_chat_template_file_comes_first(chat_dir):
    write_json(chat_dir / "tokenizer_config.json", {"chat_template": "old"})
    (chat_dir / "chat_template.jinja").write_text("new")
    assert Tokenizer(chat_dir).apply_chat_template(MESSAGES) == "new"


def test_special_tokens_map(chat_dir):
    write_json(chat_dir / "special_tokens_map.json", {"bos_token": "<s>"})
    (chat_dir / "chat_template.jinja").write_text("{{ bos_token }}!")
    assert Tokenizer(chat_dir).apply_chat_template(MESSAGES) == "<s>!"


def test_generation_tag_and_loop_controls(chat_dir):
    (chat_dir / "chat_template.jinja").write_text(
        "{% for m in messages %}{% generation %}{{ m.content | tojson }}"
        "{% endgeneration %}{% break %}{% endfor %}")
    messages = [{"role": "assistant", "content": "é"}] * 2
    assert Tokenizer(chat_dir).apply_chat_template(messages) == '"é"'


def test_chat_without_template(chat_dir):
    with pytest.raises(Error, match="no chat template"):
        Tokenizer(chat_dir).apply_chat_template(MESSAGES)


@pytest.mark.parametrize("template, message", [
    ("{{ raise_exception('roles must alternate') }}", "roles must alternate"),
    ("{% if %}", "chat template: "),
    ("{{ messages[0].content.missing.deeper }}", "chat template: "),
    ("{{ ''.__class__.__mro__ }}", "unsafe"),
    ("{{ messages.append(1) }}", "not safely callable|chat template: "),
])
def test_bad_chat_template(chat_dir, template, message):
    (chat_dir / "chat_template.jinja").write_text(template)
    with pytest.raises(Error, match=message):
        Tokenizer(chat_dir).apply_chat_template(MESSAGES)
