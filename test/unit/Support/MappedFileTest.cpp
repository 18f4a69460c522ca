//===- MappedFileTest.cpp - Read-only mappings -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExpectError.h"
#include "TemporaryDirectory.h"
#include "amk/Support/Safetensors.h"

#include <gtest/gtest.h>

using namespace amk;
using namespace amk::test;

namespace {

TEST(MappedFile, MapsTheWholeFile) {
  TemporaryDirectory directory;
  std::string content(10000, 'x');
  content[9999] = 'y';
  auto file = MappedFile::open(directory.write("f", content));
  EXPECT_EQ(
      std::string(reinterpret_cast<const char *>(file->data()), file->size()),
      content);
}

TEST(MappedFile, StaysValidAfterTheNameIsGone) {
  std::shared_ptr<MappedFile> file;
  {
    TemporaryDirectory directory;
    file = MappedFile::open(directory.write("f", "abc"));
  }
  EXPECT_EQ(file->data()[2], 'c');
}

TEST(MappedFile, Errors) {
  TemporaryDirectory directory;
  auto openError = [](const std::string &path) {
    return errorOf([&] { MappedFile::open(path); });
  };
  std::string missing = directory.path("none");
  EXPECT_EQ(openError(missing),
            missing + ": cannot open: No such file or directory");
  std::string empty = directory.write("empty", "");
  EXPECT_EQ(openError(empty), empty + ": found an empty file, expected data");
  EXPECT_EQ(openError(directory.path()),
            directory.path() +
                ": found something else, expected a regular file");
}

} // namespace
