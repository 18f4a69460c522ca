#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Computes the goldens of test/models with HuggingFace transformers.

The reference is the model in float32 on the CPU (weights upcast from the
checkpoint's dtype, eager attention, no KV cache: every logit comes from one
plain forward pass). For each model, golden.json and logits.f32 (raw
little-endian float32, row after row) are written beside its config.json, or
under --out in the same layout.

  MODELS/tiny-shakespeare   the trained checkpoint
  MODELS/random/<name>      config.json of a random-weight model
"""

import argparse
import datetime
import hashlib
import json
import math
import os
import pathlib
import platform
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np  # noqa: E402
import tokenizers  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import make_random_checkpoint  # noqa: E402

# What `make demo` prints (Makefile).
DEMO_PROMPT = "ROMEO:"
DEMO_TOKENS = 128
# The first three whose greedy continuation is decided by at least MIN_MARGIN
# at every step are used; a closer call would test rounding, not the model.
PROMPTS = [
    "First Citizen:\nBefore we proceed any further, hear me speak.\n",
    "JULIET:\nO Romeo, Romeo! wherefore art thou Romeo?\n",
    "KING RICHARD III:\nA horse! a horse! my kingdom for",
    "The quality of mercy is not strain'd,\n",
    "What is it that you would impart to me?\n",
    "GLOUCESTER:\nNow is the winter of our discontent\n",
    "My lord, I",
    "HAMLET:\nTo be, or not to be: that is the question.\n",
    "Good morrow, cousin.\n",
    "QUEEN MARGARET:\n",
]
PROMPT_COUNT = 3
GREEDY_TOKENS = 200
MIN_MARGIN = 2e-3
LOGIT_POSITIONS = 64
WINDOW = 512
EVAL_WINDOWS = 8
RANDOM_PROMPT = 8
RANDOM_TOKENS = 24
RANDOM_MAX_BYTES = 150_000


def load(directory):
    model = transformers.AutoModelForCausalLM.from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager",
        local_files_only=True)
    return model.eval()


def stop_tokens(model):
    ids = model.generation_config.eos_token_id
    return set(ids) if isinstance(ids, list) else {ids}


def forward(model, ids):
    with torch.no_grad():
        return model(torch.tensor([ids]), use_cache=False).logits[0]


def greedy(model, prompt, count):
    """count argmax tokens after the prompt, and the smallest difference
    between the two largest logits on the way. Nothing stops it early; goldens
    are chosen so that no stop token occurs."""
    ids, margin = list(prompt), math.inf
    for _ in range(count):
        top = torch.topk(forward(model, ids)[-1], 2)
        margin = min(margin, (top.values[0] - top.values[1]).item())
        ids.append(int(top.indices[0]))
    return ids[len(prompt):], margin


def versions():
    return {
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "tokenizers": tokenizers.__version__,
        "python": platform.python_version(),
    }


def header():
    return {
        "reference": "HuggingFace transformers, float32, CPU, eager attention",
        "versions": versions(),
        "date": datetime.date.today().isoformat(),
    }


def weights_hash(directory):
    digest = hashlib.sha256()
    for path in sorted(directory.glob("*.safetensors")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def write(out, golden, logits):
    out.mkdir(parents=True, exist_ok=True)
    (out / "logits.f32").write_bytes(
        logits.numpy().astype("<f4", copy=False).tobytes())
    # Lists of numbers on one line each: readable, and small in a diff.
    text = json.dumps(golden, indent=1)
    lines, depth = [], 0
    for line in text.splitlines():
        item = line.strip()
        if depth and lines:
            lines[-1] += item if item.startswith("]") else item.replace(
                ",", ", ")
            depth = 0 if item.startswith("]") else 1
            continue
        lines.append(line)
        if item.endswith("ids\": ["):
            depth = 1
    (out / "golden.json").write_text(
        "\n".join(line.rstrip() for line in lines) + "\n")


def continuation(model, tokenizer, text, count):
    prompt = tokenizer.encode(text).ids
    ids, margin = greedy(model, prompt, count)
    return {
        "prompt": text,
        "prompt_ids": prompt,
        "ids": ids,
        # As one string: what follows the prompt when all is decoded at once.
        "text": tokenizer.decode(ids, skip_special_tokens=True),
        "min_margin": margin,
    }


def perplexity(model, tokenizer, path):
    """Windows of WINDOW tokens, one after the other, each scored alone; the
    first token of each is not scored. The file's ids carry no start token."""
    ids = tokenizer.encode(path.read_text(encoding="utf-8"),
                           add_special_tokens=False).ids
    total, scored, windows = 0.0, 0, []
    for index in range(EVAL_WINDOWS):
        window = ids[index * WINDOW:(index + 1) * WINDOW]
        logits = forward(model, window)[:-1].double()
        chosen = torch.log_softmax(logits, -1)[
            torch.arange(len(window) - 1), torch.tensor(window[1:])]
        windows.append(-chosen.sum().item())
        total += windows[-1]
        scored += len(chosen)
    return {
        "file": "test/data/" + path.name,
        "window": WINDOW,
        "windows": EVAL_WINDOWS,
        "scored_tokens": scored,
        "first_window_ids": ids[:WINDOW],
        "window_nll": windows,
        "nll": total,
        "mean_nll": total / scored,
        "perplexity": math.exp(total / scored),
    }


def trained_golden(directory, evaluation, out):
    model = load(directory)
    tokenizer = tokenizers.Tokenizer.from_file(
        str(directory / "tokenizer.json"))
    continuations = []
    for text in PROMPTS:
        entry = continuation(model, tokenizer, text, GREEDY_TOKENS)
        print(f"  margin {entry['min_margin']:.2e}  {text!r}", flush=True)
        if (entry["min_margin"] >= MIN_MARGIN
                and not stop_tokens(model) & set(entry["ids"])):
            continuations.append(entry)
        if len(continuations) == PROMPT_COUNT:
            break
    else:
        sys.exit(f"error: {directory}: fewer than {PROMPT_COUNT} prompts keep "
                 f"a margin of {MIN_MARGIN}")
    first = continuations[0]
    ids = (first["prompt_ids"] + first["ids"])[:LOGIT_POSITIONS]
    demo = continuation(model, tokenizer, DEMO_PROMPT, DEMO_TOKENS)
    print(f"  margin {demo['min_margin']:.2e}  demo:\n"
          f"{DEMO_PROMPT}{demo['text']}", flush=True)
    score = perplexity(model, tokenizer, evaluation)
    print(f"  perplexity {score['perplexity']:.4f} over "
          f"{score['scored_tokens']} tokens", flush=True)
    golden = header()
    golden.update({
        "weights_sha256": weights_hash(directory),
        "vocab_size": model.config.vocab_size,
        "logits": {"file": "logits.f32", "positions": len(ids),
                   "prompt_ids": ids},
        "continuations": continuations,
        "continuation_logits": {"file": "continuations.f32"},
        "demo": demo,
        "perplexity": score,
    })
    write(out, golden, forward(model, ids))
    # Every position that generating the continuations processes, one after
    # another.
    every = torch.cat([forward(model, entry["prompt_ids"] + entry["ids"][:-1])
                       for entry in continuations])
    (out / "continuations.f32").write_bytes(
        every.numpy().astype("<f4", copy=False).tobytes())


def random_prompt(seed, attempt, vocab):
    mix = make_random_checkpoint.dummy.mix64
    stream = mix(seed * 1000 + attempt)
    return [mix(stream + i) % vocab for i in range(RANDOM_PROMPT)]


def random_golden(directory, scratch, out):
    seed = make_random_checkpoint.make_checkpoint(directory, scratch)
    model = load(scratch)
    vocab = model.config.vocab_size
    for attempt in range(20):
        prompt = random_prompt(seed, attempt, vocab)
        ids, margin = greedy(model, prompt, RANDOM_TOKENS)
        if margin >= MIN_MARGIN and not stop_tokens(model) & set(ids):
            break
    else:
        sys.exit(f"error: {directory}: no prompt keeps a margin of "
                 f"{MIN_MARGIN} without a stop token")
    processed = prompt + ids[:-1]
    positions = min(len(processed), RANDOM_MAX_BYTES // (4 * vocab))
    logits = forward(model, processed)[:positions]
    print(f"  {directory.name}: margin {margin:.2e}, {positions} positions, "
          f"largest logit {logits.abs().max():.2f}", flush=True)
    golden = header()
    golden.update({
        "seed": seed,
        "weights_sha256": weights_hash(scratch),
        "vocab_size": vocab,
        "prompt_ids": prompt,
        "ids": ids,
        "min_margin": margin,
        "logits": {"file": "logits.f32", "positions": positions},
    })
    write(out, golden, logits)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", type=pathlib.Path,
                        default=ROOT / "test/models")
    parser.add_argument("--eval", type=pathlib.Path,
                        default=ROOT / "test/data/shakespeare-eval.txt")
    parser.add_argument("--out", type=pathlib.Path,
                        help="default: MODELS itself")
    parser.add_argument("--only", help="name of one model")
    args = parser.parse_args()
    out = args.out or args.models
    torch.set_num_threads(min(8, os.cpu_count() or 1))
    torch.set_float32_matmul_precision("highest")
    transformers.utils.logging.disable_progress_bar()

    trained = args.models / "tiny-shakespeare"
    if args.only in (None, trained.name):
        if not (trained / "model.safetensors").exists():
            sys.exit(f"error: {trained}: no model.safetensors")
        print(trained.name, flush=True)
        trained_golden(trained, args.eval, out / trained.name)
    for config in sorted((args.models / "random").glob("*/config.json")):
        directory = config.parent
        if args.only not in (None, directory.name):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            random_golden(directory, pathlib.Path(scratch),
                          out / "random" / directory.name)


if __name__ == "__main__":
    main()
