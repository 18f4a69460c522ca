#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains the small Llama checkpoint of test/models/tiny-shakespeare.

Everything is derived from one public-domain text: a byte-level BPE tokenizer
and a LlamaForCausalLM of about 2.6 M parameters, both on the first 95 % of the
text. The rest is the evaluation file, which neither sees. The result is a
standard HuggingFace directory with bfloat16 weights.

Needs torch, transformers and tokenizers; a GPU helps. With --split-only it
needs nothing and writes the evaluation file.
"""

import argparse
import copy
import json
import math
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
END_OF_TEXT = "<|endoftext|>"
VOCAB_SIZE = 1024
CONTEXT = 512
TRAIN_FRACTION = 0.95


def split_text(text):
    """Cuts after the paragraph that crosses 95 % of the characters."""
    cut = text.index("\n\n", int(len(text) * TRAIN_FRACTION)) + 2
    return text[:cut], text[cut:]


def train_tokenizer(text):
    from tokenizers import (Tokenizer, decoders, models, pre_tokenizers,
                            processors, trainers)

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(text.splitlines(keepends=True), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{END_OF_TEXT} $A",
        special_tokens=[(END_OF_TEXT, tokenizer.token_to_id(END_OF_TEXT))],
    )
    if tokenizer.get_vocab_size() != VOCAB_SIZE:
        sys.exit(f"error: tokenizer has {tokenizer.get_vocab_size()} entries, "
                 f"expected {VOCAB_SIZE}")
    return tokenizer


def write_tokenizer(tokenizer, directory):
    tokenizer.save(str(directory / "tokenizer.json"))
    config = {
        "bos_token": END_OF_TEXT,
        "clean_up_tokenization_spaces": False,
        "eos_token": END_OF_TEXT,
        "model_max_length": CONTEXT,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    path = directory / "tokenizer_config.json"
    path.write_text(json.dumps(config, indent=2) + "\n")


def make_model():
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(LlamaConfig(
        vocab_size=VOCAB_SIZE,
        hidden_size=192,
        intermediate_size=512,
        num_hidden_layers=6,
        num_attention_heads=6,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=CONTEXT,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=0,
        use_cache=True,
    ))


def add_dropout(model, rate):
    """Dropout on the embedding and on every residual branch, by hooks: Llama
    has none of its own, and 400 thousand tokens overfit within a minute."""
    import torch.nn.functional as F

    def hook(module, inputs, output):
        return F.dropout(output, rate, module.training)

    modules = [model.model.embed_tokens]
    for layer in model.model.layers:
        modules += [layer.self_attn.o_proj, layer.mlp.down_proj]
    return [module.register_forward_hook(hook) for module in modules]


class Windows:
    """Training windows of CONTEXT + 1 tokens at random places. A quarter
    begin with the start token, then a paragraph, as a prompt does."""

    def __init__(self, tokenizer, text, device, seed):
        import torch

        self.torch = torch
        # The text as a whole: tokens of "\n\n" alone would differ from those
        # of "\n\n" before a letter.
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        newline = tokenizer.encode("\n", add_special_tokens=False).ids
        self.last = len(ids) - CONTEXT - 1
        self.ids = torch.tensor(ids, device=device)
        self.starts = torch.tensor(
            [i for i in range(2, self.last) if ids[i - 2:i] == newline * 2])
        self.generator = torch.Generator().manual_seed(seed)

    def batch(self, size):
        torch = self.torch
        prompts = size // 4
        anywhere = torch.randint(self.last, (size - prompts,),
                                 generator=self.generator)
        which = torch.randint(len(self.starts), (prompts,),
                              generator=self.generator)
        begin = torch.cat([self.starts[which] - 1, anywhere])
        index = begin[:, None] + torch.arange(CONTEXT + 1)[None, :]
        rows = self.ids[index.to(self.ids.device)]
        rows[:prompts, 0] = 0
        return rows


def sum_loss(model, rows):
    import torch.nn.functional as F

    logits = model(input_ids=rows[:, :-1], use_cache=False).logits
    return F.cross_entropy(logits.float().flatten(0, 1),
                           rows[:, 1:].flatten(), reduction="mean")


def validation_rows(tokenizer, text, device):
    import torch

    ids = tokenizer.encode(text, add_special_tokens=False).ids
    count = len(ids) // (CONTEXT + 1)
    return torch.tensor(ids[:count * (CONTEXT + 1)],
                        device=device).view(count, CONTEXT + 1)


def learning_rate(fraction, warmup, peak, floor):
    if fraction < warmup:
        return peak * fraction / warmup
    progress = (fraction - warmup) / (1 - warmup)
    return floor + (peak - floor) * 0.5 * (1 + math.cos(math.pi * progress))


def train(model, windows, validation, args, device):
    import torch

    decayed = [p for p in model.parameters() if p.dim() > 1]
    plain = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": args.weight_decay},
         {"params": plain, "weight_decay": 0.0}], betas=(0.9, 0.95))
    autocast = torch.autocast(device, dtype=torch.bfloat16)
    best, best_state, begin = math.inf, None, time.monotonic()
    for step in range(args.steps + 1):
        elapsed = time.monotonic() - begin
        # The clock only shortens the schedule of a slow machine.
        fraction = min(1.0, max(step / args.steps, elapsed / args.seconds))
        if step % args.eval_every == 0 or fraction >= 1:
            model.eval()
            with torch.no_grad(), autocast:
                loss = sum(sum_loss(model, part).item() * len(part)
                           for part in validation.split(16)) / len(validation)
            if loss < best:
                best, best_state = loss, copy.deepcopy(model.state_dict())
            print(f"step {step:5d}  {elapsed:6.1f} s  validation {loss:.4f}  "
                  f"best {best:.4f}", flush=True)
            model.train()
        if fraction >= 1:
            break
        rate = learning_rate(fraction, 0.05, args.learning_rate, 1e-5)
        for group in optimizer.param_groups:
            group["lr"] = rate
        with autocast:
            loss = sum_loss(model, windows.batch(args.batch))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % args.eval_every == 0:
            print(f"step {step:5d}  train {loss.item():.4f}", flush=True)
    model.load_state_dict(best_state)
    return best


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--text", type=pathlib.Path,
                        default=ROOT / "test/data/shakespeare.txt")
    parser.add_argument("--out", type=pathlib.Path,
                        default=ROOT / "test/models/tiny-shakespeare")
    parser.add_argument("--eval-out", type=pathlib.Path,
                        default=ROOT / "test/data/shakespeare-eval.txt",
                        help="where the last 5 %% of the text go")
    parser.add_argument("--split-only", action="store_true",
                        help="write the evaluation file and stop")
    parser.add_argument("--seconds", type=float, default=210,
                        help="limit of the training time")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--eval-every", type=int, default=100)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--weight-decay", type=float, default=0.1)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main():
    args = parse_arguments()
    training, evaluation = split_text(args.text.read_text(encoding="utf-8"))
    args.eval_out.parent.mkdir(parents=True, exist_ok=True)
    args.eval_out.write_text(evaluation, encoding="utf-8")
    print(f"{len(training)} characters to train on, {len(evaluation)} to "
          f"evaluate on ({args.eval_out})")
    if args.split_only:
        return

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    import torch
    import transformers

    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.manual_seed(args.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    print(f"torch {torch.__version__}, transformers "
          f"{transformers.__version__}, {name}")

    args.out.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer(training)
    write_tokenizer(tokenizer, args.out)
    model = make_model().to(device)
    hooks = add_dropout(model, args.dropout)
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{parameters} parameters")

    windows = Windows(tokenizer, training, device, args.seed)
    validation = validation_rows(tokenizer, evaluation, device)
    print(f"{len(windows.ids)} training tokens, {validation.numel()} "
          f"validation tokens")
    best = train(model, windows, validation, args, device)

    for hook in hooks:
        hook.remove()
    model.eval()
    model.to(torch.bfloat16)
    model.save_pretrained(args.out)
    with torch.no_grad():
        rounded = sum(sum_loss(model, part).item() * len(part)
                      for part in validation.split(16)) / len(validation)
    print(f"best validation loss {best:.4f}; saved bfloat16 weights "
          f"{rounded:.4f} (perplexity {math.exp(rounded):.2f})")


if __name__ == "__main__":
    main()
