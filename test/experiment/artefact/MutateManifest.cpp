//===- MutateManifest.cpp - Damage to manifests -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mutate.h"

#include <cstring>
#include <nlohmann/json.hpp>

using namespace amk;
using namespace amk::artefact;
using nlohmann::json;

void artefact::flipManifestBytes(Source &source, Random &random) {
  std::string &text = source.manifest;
  static const char pieces[] = "{}[]\",:0123456789.eE-+\\u \n\xff";
  for (uint64_t n = 1 + random.below(3); n--;) {
    size_t at = random.below(text.size());
    char piece = pieces[random.below(sizeof(pieces) - 1)];
    switch (random.below(4)) {
    case 0:
      text[at] ^= static_cast<char>(1 << random.below(8));
      break;
    case 1:
      text[at] = piece;
      break;
    case 2:
      text.insert(at, 1, piece);
      break;
    default:
      text.erase(at, 1 + random.below(16));
    }
    if (text.empty())
      text = "{";
  }
}

static void collect(json &value, std::vector<json *> &all) {
  all.push_back(&value);
  if (value.is_structured())
    for (json &member : value)
      collect(member, all);
}

static json anyValue(const json &old, Random &random) {
  if (old.is_number_unsigned() && !random.oneIn(4))
    return interesting(old.get<uint64_t>(), random);
  if (old.is_string() && !random.oneIn(3)) {
    static const char *const words[] = {
        "",    "..",  "../x",       "F32",
        "cpu", "gpu", "tables.bin", "model.norm.weight"};
    return words[random.below(std::size(words))];
  }
  static const json values[] = {nullptr, true,          -1,  1e308,
                                "text",  json::array(), 0.5, json::object()};
  return values[random.below(std::size(values))];
}

void artefact::setManifestMember(Source &source, Random &random) {
  json root = json::parse(source.manifest);
  for (uint64_t n = 1 + random.below(2); n--;) {
    std::vector<json *> all;
    collect(root, all);
    json &value = *all[random.below(all.size())];
    value = anyValue(value, random);
  }
  source.manifest = root.dump();
}

/// One value where another was, or gone.
void artefact::moveManifestMember(Source &source, Random &random) {
  json root = json::parse(source.manifest);
  std::vector<json *> all;
  collect(root, all);
  json &target = *all[random.below(all.size())];
  if (target.is_structured() && !target.empty() && random.oneIn(2)) {
    auto it = target.begin();
    std::advance(it, random.below(target.size()));
    target.erase(it);
  } else {
    target = json(*all[random.below(all.size())]);
  }
  source.manifest = root.dump();
}

/// Sizes of memory, in the manifest and (mostly) in the tables.
void artefact::changeSizes(Source &source, Random &random) {
  json root = json::parse(source.manifest);
  abi::TablesHeader header;
  std::memcpy(&header, source.tables.data(), sizeof(header));
  static const char *const names[] = {"arena_bytes", "kv_bytes", "io_bytes"};
  size_t which = random.below(3);
  json &size = root["memory"][names[which]];
  uint64_t old = size;
  uint64_t value = random.oneIn(2) ? old + 64 * (random.below(17) - 8)
                                   : interesting(old, random);
  size = value;
  if (!random.oneIn(4) && which < header.spaces.count)
    std::memcpy(
        &source.tables[header.spaces.offset + which * sizeof(abi::SpaceInfo) +
                       offsetof(abi::SpaceInfo, bytes)],
        &value, sizeof(value));
  source.manifest = root.dump();
}
