//===- MutateBytes.cpp - Damage that knows no more than the header -*- C++
//-*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Mutate.h"

#include <algorithm>
#include <cstring>

using namespace amk;
using namespace amk::artefact;

static constexpr size_t kSectionsBegin = offsetof(abi::TablesHeader, spaces);
static constexpr size_t kSections =
    (sizeof(abi::TablesHeader) - kSectionsBegin) / sizeof(abi::Section);

template <typename T>
static void put(std::string &bytes, size_t at, T value) {
  if (at + sizeof(value) <= bytes.size())
    std::memcpy(&bytes[at], &value, sizeof(value));
}

template <typename T>
static T get(const std::string &bytes, size_t at) {
  T value{};
  if (at + sizeof(value) <= bytes.size())
    std::memcpy(&value, &bytes[at], sizeof(value));
  return value;
}

/// Else every change of the size is caught by the first check.
static void admitSize(std::string &bytes, Random &random) {
  if (!random.oneIn(3))
    put<uint64_t>(bytes, offsetof(abi::TablesHeader, fileBytes), bytes.size());
}

void artefact::flipBits(Source &source, Random &random) {
  for (uint64_t n = 1 + random.below(4); n--;)
    source.tables[random.below(source.tables.size())] ^=
        static_cast<char>(1 << random.below(8));
}

void artefact::setWord(Source &source, Random &random) {
  std::string &bytes = source.tables;
  size_t at = random.below(bytes.size()) & ~size_t(3);
  if (random.oneIn(3)) {
    at &= ~size_t(7);
    put<uint64_t>(bytes, at, interesting(get<uint64_t>(bytes, at), random));
  } else {
    put(bytes, at,
        static_cast<uint32_t>(interesting(get<uint32_t>(bytes, at), random)));
  }
}

void artefact::copyBytes(Source &source, Random &random) {
  std::string &bytes = source.tables;
  size_t length = std::min<size_t>(bytes.size(), 8 << random.below(6));
  size_t from = random.below(bytes.size() - length + 1) & ~size_t(7);
  size_t to = random.below(bytes.size() - length + 1) & ~size_t(7);
  std::memmove(&bytes[to], &bytes[from], length);
}

void artefact::truncateTables(Source &source, Random &random) {
  std::string &bytes = source.tables;
  bytes.resize(random.oneIn(2)
                   ? random.below(bytes.size())
                   : bytes.size() - 1 -
                         random.below(std::min<size_t>(bytes.size() - 1, 256)));
  admitSize(bytes, random);
}

void artefact::extendTables(Source &source, Random &random) {
  std::string &bytes = source.tables;
  size_t length = 1 + random.below(256);
  size_t at = random.oneIn(2) ? bytes.size() : random.below(bytes.size());
  bytes.insert(at, length, static_cast<char>(random.oneIn(2) ? 0 : 1));
  admitSize(bytes, random);
}

/// Changes where sections are said to be, or where they are.
void artefact::moveSection(Source &source, Random &random) {
  std::string &bytes = source.tables;
  auto place = [&] {
    return kSectionsBegin + random.below(kSections) * sizeof(abi::Section);
  };
  size_t a = place(), b = place();
  auto x = get<abi::Section>(bytes, a), y = get<abi::Section>(bytes, b);
  switch (random.below(4)) {
  case 0:
    put(bytes, a, y);
    put(bytes, b, x);
    break;
  case 1: // two sections in the same bytes
    put(bytes, a, y);
    break;
  case 2:
    x.offset += 8 * (random.below(9) - 4);
    put(bytes, a, x);
    break;
  default: { // the bytes, with the header as it is
    size_t length = std::min<uint64_t>(64, bytes.size());
    if (x.offset <= bytes.size() - length && y.offset <= bytes.size() - length)
      std::swap_ranges(bytes.begin() + x.offset,
                       bytes.begin() + x.offset + length,
                       bytes.begin() + y.offset);
  }
  }
}

void artefact::setHeader(Source &source, Random &random) {
  std::string &bytes = source.tables;
  size_t at = random.below(sizeof(abi::TablesHeader)) & ~size_t(3);
  put(bytes, at,
      static_cast<uint32_t>(interesting(get<uint32_t>(bytes, at), random)));
}
