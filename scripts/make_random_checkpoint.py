#!/usr/bin/env python3
# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a Llama checkpoint of dummy weights for a config.json.

CONFIG_DIR holds config.json and, optionally, checkpoint.json:
  {"seed": 7, "shards": 2, "norm_dtype": "F32"}
seed: of the dummy weights (--seed overrides it); shards: number of safetensors
files (with an index if more than one); norm_dtype: another dtype for the norm
weights. Needs numpy only.
"""

import argparse
import json
import pathlib
import shutil
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

from amk import dummy  # noqa: E402

DTYPES = {"float32": "F32", "float16": "F16", "bfloat16": "BF16"}


def llama_tensors(config):
    """Name -> shape of every tensor, as HuggingFace names them."""
    hidden = config["hidden_size"]
    heads = config["num_attention_heads"]
    kv_heads = config.get("num_key_value_heads") or heads
    head_dim = config.get("head_dim") or hidden // heads
    inner = config["intermediate_size"]
    vocab = config["vocab_size"]
    tensors = {"model.embed_tokens.weight": (vocab, hidden)}
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        tensors.update({
            prefix + "input_layernorm.weight": (hidden,),
            prefix + "self_attn.q_proj.weight": (heads * head_dim, hidden),
            prefix + "self_attn.k_proj.weight": (kv_heads * head_dim, hidden),
            prefix + "self_attn.v_proj.weight": (kv_heads * head_dim, hidden),
            prefix + "self_attn.o_proj.weight": (hidden, heads * head_dim),
            prefix + "post_attention_layernorm.weight": (hidden,),
            prefix + "mlp.gate_proj.weight": (inner, hidden),
            prefix + "mlp.up_proj.weight": (inner, hidden),
            prefix + "mlp.down_proj.weight": (hidden, inner),
        })
    tensors["model.norm.weight"] = (hidden,)
    if not config.get("tie_word_embeddings", False):
        tensors["lm_head.weight"] = (vocab, hidden)
    return tensors


def write_safetensors(path, tensors):
    """tensors: name -> (dtype, shape, bytes), written in this order."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape),
                        "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for _, _, data in tensors.values():
            file.write(data)


def write_shards(directory, tensors, count):
    names = list(tensors)
    per_shard = -(-len(names) // count)
    index = {"metadata": {"total_size": sum(len(t[2])
                                            for t in tensors.values())},
             "weight_map": {}}
    for shard in range(count):
        file = f"model-{shard + 1:05d}-of-{count:05d}.safetensors"
        part = names[shard * per_shard:(shard + 1) * per_shard]
        write_safetensors(directory / file, {n: tensors[n] for n in part})
        index["weight_map"].update({name: file for name in part})
    path = directory / "model.safetensors.index.json"
    path.write_text(json.dumps(index, indent=2) + "\n")


def make_checkpoint(config_dir, out_dir, seed=None):
    config_dir, out_dir = pathlib.Path(config_dir), pathlib.Path(out_dir)
    config = json.loads((config_dir / "config.json").read_text())
    options_path = config_dir / "checkpoint.json"
    options = (json.loads(options_path.read_text())
               if options_path.exists() else {})
    if seed is None:
        seed = options.get("seed", 0)
    dtype = DTYPES[config.get("dtype") or config.get("torch_dtype")]
    norm_dtype = options.get("norm_dtype", dtype)

    tensors = {}
    for name, shape in llama_tensors(config).items():
        kind = norm_dtype if len(shape) == 1 else dtype
        values = dummy.dummy_tensor(name, shape, seed)
        tensors[name] = (kind, shape, dummy.to_bytes(values, kind))

    out_dir.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "generation_config.json"):
        source = config_dir / name
        if source.exists() and config_dir.resolve() != out_dir.resolve():
            shutil.copyfile(source, out_dir / name)
    shards = options.get("shards", 1)
    if shards == 1:
        write_safetensors(out_dir / "model.safetensors", tensors)
    else:
        write_shards(out_dir, tensors, shards)
    return seed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("config_dir", type=pathlib.Path)
    parser.add_argument("out_dir", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=None)
    args = parser.parse_args()
    seed = make_checkpoint(args.config_dir, args.out_dir, args.seed)
    print(f"{args.out_dir}: dummy weights of seed {seed}")


if __name__ == "__main__":
    main()
