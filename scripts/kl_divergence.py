#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How far logits are from HuggingFace's in float32, as a KL divergence.

  kl_divergence.py MODEL --ids FILE [--logits FILE...] [--dummy-seed N]

MODEL is a checkpoint, or with --dummy-seed a directory with a config.json.
--ids: token ids. --logits: files of amk-run --logits for the same ids (raw
float32, a row for each position; rows may be missing at the end). Prints the
divergence of each and of HuggingFace's own bf16 run as JSON.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import make_random_checkpoint  # noqa: E402


def load(directory, dtype, device):
    model = transformers.AutoModelForCausalLM.from_pretrained(
        directory, dtype=getattr(torch, dtype), attn_implementation="eager",
        local_files_only=True)
    return model.eval().to(device)


def forward(model, ids):
    """float32 logits of every position."""
    with torch.no_grad():
        tokens = torch.tensor([ids], device=model.device)
        logits = model(tokens, use_cache=False).logits[0]
    return logits.float().cpu().numpy()


def log_softmax(rows):
    rows = rows.astype(np.float64)
    rows = rows - rows.max(axis=1, keepdims=True)
    return rows - np.log(np.exp(rows).sum(axis=1, keepdims=True))


def divergence(reference, rows):
    """KL(softmax(reference) || softmax(rows)) of each row, in nats."""
    expected, found = log_softmax(reference), log_softmax(rows)
    return (np.exp(expected) * (expected - found)).sum(axis=1)


def describe(name, reference, rows):
    count = min(len(reference), len(rows))
    if count == 0 or not np.isfinite(rows[:count]).all():
        sys.exit(f"kl_divergence: {name}: found {count} rows, all finite: "
                 f"{bool(np.isfinite(rows).all())}; expected finite rows")
    values = divergence(reference[:count], rows[:count])
    same = reference[:count].argmax(axis=1) == rows[:count].argmax(axis=1)
    # Where distributions are sharp nothing diverges, and a mean may be what one
    # position says: the median of those that diverge most says more.
    largest = np.sort(values)[-max(count // 10, 1):]
    return {"name": name, "positions": count, "mean_kl": float(values.mean()),
            "max_kl": float(values.max()),
            "median_of_largest": float(np.median(largest)),
            "same_choice": int(same.sum()),
            "max_error": float(np.abs(reference[:count] - rows[:count]).max())}


def run_both(args, ids):
    """HuggingFace's logits in float32 and in bf16."""
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = args.model
        if args.dummy_seed is not None:
            checkpoint = pathlib.Path(scratch)
            make_random_checkpoint.make_checkpoint(args.model, checkpoint,
                                                   args.dummy_seed)
        return [forward(load(checkpoint, dtype, args.device), ids)
                for dtype in ("float32", "bfloat16")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--logits", type=pathlib.Path, nargs="*", default=[])
    parser.add_argument("--ids", type=pathlib.Path, required=True)
    parser.add_argument("--dummy-seed", type=int)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--cache", type=pathlib.Path,
                        help=".npz with HuggingFace's logits: written if "
                        "missing, else read")
    args = parser.parse_args()
    ids = [int(word) for word in
           args.ids.read_text().replace(",", " ").split()]
    torch.set_float32_matmul_precision("highest")
    transformers.utils.logging.disable_progress_bar()

    if args.cache and args.cache.exists():
        cached = np.load(args.cache)
        if list(cached["ids"]) != ids:
            sys.exit(f"kl_divergence: {args.cache}: found other ids than in "
                     f"{args.ids}")
        reference, own = cached["reference"], cached["own"]
    else:
        reference, own = run_both(args, ids)
        if args.cache:
            np.savez(args.cache, ids=ids, reference=reference, own=own)
    report = {"model": args.model.name, "reference": "HuggingFace, float32",
              "results": [describe("HuggingFace, bf16", reference, own)]}
    for path in args.logits:
        rows = np.fromfile(path, "<f4")
        rows = rows[:len(rows) // reference.shape[1] * reference.shape[1]]
        report["results"].append(describe(
            path.name, reference, rows.reshape(-1, reference.shape[1])))
    text = json.dumps(report, indent=1)
    print(text)
    if args.output:
        args.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
