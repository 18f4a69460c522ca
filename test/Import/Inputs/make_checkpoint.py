# Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes a one-layer Llama checkpoint of zeros, with what a test wants wrong.

usage: make_checkpoint.py DIR [--set KEY=JSON]... [--unset KEY]...
         [--add NAME=DTYPE:DIMS]... [--drop NAME]...
--set and --unset change config.json; --add adds or replaces a tensor (DIMS as
2x3), --drop removes one.
"""

import argparse
import json
import math
import pathlib
import struct

BYTES = {"F32": 4, "F16": 2, "BF16": 2, "F64": 8}

CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama",
    "vocab_size": 24, "hidden_size": 16, "intermediate_size": 20,
    "num_hidden_layers": 1, "num_attention_heads": 2,
    "num_key_value_heads": 1, "max_position_embeddings": 32,
    "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu",
    "bos_token_id": 1, "eos_token_id": 2, "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}

LAYER = "model.layers.0."
TENSORS = {
    "model.embed_tokens.weight": "BF16:24x16",
    LAYER + "input_layernorm.weight": "BF16:16",
    LAYER + "self_attn.q_proj.weight": "BF16:16x16",
    LAYER + "self_attn.k_proj.weight": "BF16:8x16",
    LAYER + "self_attn.v_proj.weight": "BF16:8x16",
    LAYER + "self_attn.o_proj.weight": "BF16:16x16",
    LAYER + "post_attention_layernorm.weight": "BF16:16",
    LAYER + "mlp.gate_proj.weight": "BF16:20x16",
    LAYER + "mlp.up_proj.weight": "BF16:20x16",
    LAYER + "mlp.down_proj.weight": "BF16:16x20",
    "model.norm.weight": "BF16:16",
    "lm_head.weight": "BF16:24x16",
}


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, text in tensors.items():
        dtype, dims = text.split(":")
        shape = [int(dim) for dim in dims.split("x")]
        size = math.prod(shape) * BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": shape,
                        "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(offset))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=pathlib.Path)
    for option in ("--set", "--unset", "--add", "--drop"):
        parser.add_argument(option, action="append", default=[])
    args = parser.parse_args()
    config, tensors = dict(CONFIG), dict(TENSORS)
    for item in args.set:
        key, value = item.split("=", 1)
        config[key] = json.loads(value)
    for key in args.unset:
        del config[key]
    for item in args.add:
        name, text = item.split("=", 1)
        tensors[name] = text
    for name in args.drop:
        del tensors[name]
    args.directory.mkdir(parents=True, exist_ok=True)
    (args.directory / "config.json").write_text(json.dumps(config))
    write_safetensors(args.directory / "model.safetensors", tensors)


if __name__ == "__main__":
    main()
