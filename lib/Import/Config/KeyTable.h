//===- KeyTable.h - Which keys a configuration may have ---------*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_LIB_IMPORT_CONFIG_KEYTABLE_H
#define AMK_LIB_IMPORT_CONFIG_KEYTABLE_H

#include "amk/Support/Json.h"

#include <vector>

namespace amk {

/// What a family knows about one key of a configuration.
struct KeyRule {
  enum class Role {
    Honoured,   ///< the parser reads and checks it
    Irrelevant, ///< any value gives the same logits
    Fixed,      ///< some values would need other arithmetic
  };
  const char *name;
  Role role = Role::Honoured;
  /// Fixed: a JSON array of the values that are accepted.
  const char *accepted = nullptr;
};

inline KeyRule honoured(const char *name) { return {name}; }
inline KeyRule irrelevant(const char *name) {
  return {name, KeyRule::Role::Irrelevant};
}
inline KeyRule fixed(const char *name, const char *accepted) {
  return {name, KeyRule::Role::Fixed, accepted};
}

/// Throws amk::Error for a key without a rule and for a fixed one with another
/// value. `subject` names what the keys belong to: "the llama family".
void checkKeys(const JsonView &view, const std::vector<KeyRule> &rules,
               const char *subject);

} // namespace amk

#endif // AMK_LIB_IMPORT_CONFIG_KEYTABLE_H
