//===- TemporaryDirectory.h - A directory for the files of one test -------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef AMK_UNITTEST_SUPPORT_TEMPORARYDIRECTORY_H
#define AMK_UNITTEST_SUPPORT_TEMPORARYDIRECTORY_H

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <stdlib.h>
#include <string>

namespace amk::test {

class TemporaryDirectory {
public:
  TemporaryDirectory() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "amk-unit-XXXXXX").string();
    if (!::mkdtemp(pattern.data()))
      throw std::runtime_error("cannot create " + pattern);
    root = pattern;
  }
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(root); }

  const std::string &path() const { return root; }
  std::string path(const std::string &name) const { return root + "/" + name; }

  /// Returns the path of the new file.
  std::string write(const std::string &name, const std::string &content) const {
    std::ofstream out(path(name), std::ios::binary);
    out << content;
    out.close();
    if (!out)
      throw std::runtime_error("cannot write " + path(name));
    return path(name);
  }

private:
  std::string root;
};

} // namespace amk::test

#endif // AMK_UNITTEST_SUPPORT_TEMPORARYDIRECTORY_H
