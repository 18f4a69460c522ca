//===- Llama.cpp - The graph of the Llama family --------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphBuilder.h"

using namespace mlir;
using namespace mlir::amk;

/// h + o_proj(attention(rope(q), rope(k), v)) of the normalised h.
static Value buildAttention(GraphBuilder &graph, int64_t layer, Value hidden,
                            Value rotary) {
  std::string name = "layers." + std::to_string(layer) + ".";
  std::string tensor = "model." + name;
  Value x = graph.rmsNorm(name + "input_norm", hidden,
                          graph.weight(tensor + "input_layernorm.weight"));
  auto project = [&](const char *projection, Value input) {
    return graph.linear(
        name + projection, input,
        graph.weight(tensor + "self_attn." + projection + ".weight"));
  };
  Value query = project("q_proj", x);
  Value key = project("k_proj", x);
  Value value = project("v_proj", x);
  query = graph.rope(name + "rope_q", query, rotary);
  key = graph.rope(name + "rope_k", key, rotary);
  Value cache = graph.kvCache(name + "kv_cache", layer);
  cache = graph.kvAppend(name + "kv_append", cache, key, value);
  Value mixed = graph.attention(name + "attention", query, cache);
  return graph.add(name + "attention_add", hidden, project("o_proj", mixed));
}

/// h + down(silu(gate x) * up x) of the normalised h.
static Value buildMlp(GraphBuilder &graph, int64_t layer, Value hidden) {
  std::string name = "layers." + std::to_string(layer) + ".";
  std::string tensor = "model." + name;
  Value x =
      graph.rmsNorm(name + "post_norm", hidden,
                    graph.weight(tensor + "post_attention_layernorm.weight"));
  auto project = [&](const char *projection, Value input) {
    return graph.linear(name + projection, input,
                        graph.weight(tensor + "mlp." + projection + ".weight"));
  };
  Value gate = project("gate_proj", x);
  Value up = project("up_proj", x);
  Value active = graph.gatedActivation(name + "act", gate, up);
  return graph.add(name + "mlp_add", hidden, project("down_proj", active));
}

void mlir::amk::buildLlama(GraphBuilder &graph) {
  Value table = graph.weight("model.embed_tokens.weight");
  Value rotary = graph.rotaryTable("rotary");
  Value hidden = graph.embed("embed", table);
  for (int64_t layer = 0; layer < graph.config().layers; ++layer) {
    hidden = buildAttention(graph, layer, hidden, rotary);
    hidden = buildMlp(graph, layer, hidden);
  }
  hidden = graph.rmsNorm("norm", hidden, graph.weight("model.norm.weight"));
  Value head = graph.config().tied ? table : graph.weight("lm_head.weight");
  graph.finish("argmax", graph.linear("lm_head", hidden, head));
}
