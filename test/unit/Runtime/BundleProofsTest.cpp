//===- BundleProofsTest.cpp - What is remembered of the verifier ----------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each case has tables of its own (a pause that nothing else uses), because what
// this process remembers cannot be forgotten.
//
//===----------------------------------------------------------------------===//

#include "TestBundle.h"
#include "amk/Runtime/Bundle.h"
#include "amk/Support/Error.h"
#include "amk/Support/Json.h"

#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

using namespace amk;
using namespace amk::runtime;
using namespace amk::test;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

/// Sets a variable of the environment for its lifetime.
class Variable {
public:
  Variable(const char *name, const std::string &value) : name(name) {
    const char *before = std::getenv(name);
    hadOne = before;
    old = before ? before : "";
    setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (hadOne)
      setenv(name, old.c_str(), 1);
    else
      unsetenv(name);
  }
  Variable(const Variable &) = delete;
  Variable &operator=(const Variable &) = delete;

private:
  const char *name;
  bool hadOne;
  std::string old;
};

class BundleProofs : public testing::Test {
protected:
  std::string openError(TestModel &model) {
    model.write();
    try {
      Bundle::open(model.bundlePath());
    } catch (const Error &error) {
      return error.what();
    }
    return "";
  }

  /// Where the proof for the tables of a written model is.
  std::string proofOf(const TestModel &model) {
    std::string bytes = readFile(model.bundlePath() + "/tables.bin");
    return cache.file("verified/" + proofKey(bytes));
  }

  static ModelOptions options(uint32_t pause, bool isUnsafe = false) {
    ModelOptions options;
    options.sleepMillis = pause;
    options.missingWait = isUnsafe;
    return options;
  }

  /// A proof as open() would write it for safe tables.
  std::string validProof(uint32_t pause) {
    TestModel model(options(pause));
    EXPECT_EQ(openError(model), "");
    return readFile(proofOf(model));
  }

  /// `proof`, with the key of another model's tables in it.
  static std::string rename(std::string proof, const std::string &path) {
    std::string key = fs::path(path).filename();
    proof.replace(proof.size() - key.size() - 1, key.size(), key);
    return proof;
  }

  TempDir cache;
  Variable directory{"AMK_CACHE_DIR", cache.path};
  Variable use{"AMK_VERIFY_CACHE", "1"};
};

TEST_F(BundleProofs, SafeTablesLeaveAProof) {
  TestModel model(options(7001));
  EXPECT_EQ(openError(model), "");
  EXPECT_EQ(readFile(proofOf(model)),
            "amk: tables found safe\n" +
                fs::path(proofOf(model)).filename().string() + "\n");
  // Nothing else is left behind.
  EXPECT_EQ(std::distance(fs::directory_iterator(cache.file("verified")),
                          fs::directory_iterator()),
            1);
}

TEST_F(BundleProofs, UnsafeTablesLeaveNone) {
  TestModel model(options(7002, /*isUnsafe=*/true));
  EXPECT_THAT(openError(model), HasSubstr("not safe to run"));
  EXPECT_FALSE(fs::exists(proofOf(model)));
  EXPECT_THAT(openError(model), HasSubstr("not safe to run"));
}

TEST_F(BundleProofs, OtherBytesHaveAnotherKey) {
  TestModel model(options(7003));
  model.write();
  std::string bytes = readFile(model.bundlePath() + "/tables.bin");
  std::string key = proofKey(bytes);
  for (size_t i = 0; i < bytes.size(); i += 97) {
    std::string other = bytes;
    other[i] ^= 1;
    EXPECT_NE(proofKey(other), key);
  }
}

/// This is what the cache trusts, and shows that a proof is used at all.
TEST_F(BundleProofs, AProofOfThisUserIsBelieved) {
  std::string proof = validProof(7004);
  TestModel model(options(7005, /*isUnsafe=*/true));
  model.write();
  writeFile(proofOf(model), rename(proof, proofOf(model)));
  {
    Variable off("AMK_VERIFY_CACHE", "0");
    EXPECT_THAT(openError(model), HasSubstr("not safe to run"));
  }
  EXPECT_EQ(openError(model), "");
}

TEST_F(BundleProofs, AnythingElseIsNot) {
  std::string proof = validProof(7006);
  TestModel model(options(7007, /*isUnsafe=*/true));
  model.write();
  std::string path = proofOf(model);
  std::string good = rename(proof, path);
  auto refused = [&](const char *what) {
    EXPECT_THAT(openError(model), HasSubstr("not safe to run")) << what;
    fs::remove_all(path);
  };
  writeFile(path, proof);
  refused("the proof of other tables");
  writeFile(path, "");
  refused("an empty file");
  writeFile(path, good.substr(0, good.size() - 1));
  refused("a truncated proof");
  writeFile(path, good + "x");
  refused("a longer file");
  writeFile(path, good);
  chmod(path.c_str(), 0666);
  refused("a file that everybody can write");
  writeFile(cache.file("elsewhere"), good);
  fs::create_symlink(cache.file("elsewhere"), path);
  refused("a link");
  fs::create_directory(path);
  refused("a directory");
  mkfifo(path.c_str(), 0600);
  refused("a pipe");
}

TEST_F(BundleProofs, CanBeSwitchedOff) {
  Variable off("AMK_VERIFY_CACHE", "0");
  TestModel model(options(7008));
  EXPECT_EQ(openError(model), "");
  EXPECT_FALSE(fs::exists(cache.file("verified")));
  Variable wrong("AMK_VERIFY_CACHE", "off");
  EXPECT_THAT(openError(model),
              HasSubstr("AMK_VERIFY_CACHE: found \"off\", expected 0 or 1"));
}

TEST_F(BundleProofs, ADirectoryThatCannotBeMadeIsNoError) {
  writeFile(cache.file("verified"), "in the way");
  TestModel model(options(7009));
  EXPECT_EQ(openError(model), "");
  EXPECT_EQ(readFile(cache.file("verified")), "in the way");
}

TEST_F(BundleProofs, LiesInTheUsersCacheByDefault) {
  unsetenv("AMK_CACHE_DIR");
  Variable base("XDG_CACHE_HOME", cache.file("xdg"));
  TestModel model(options(7010));
  EXPECT_EQ(openError(model), "");
  EXPECT_FALSE(fs::is_empty(cache.file("xdg/amk/verified")));
  unsetenv("XDG_CACHE_HOME");
  Variable home("HOME", cache.file("home"));
  TestModel other(options(7011));
  EXPECT_EQ(openError(other), "");
  EXPECT_FALSE(fs::is_empty(cache.file("home/.cache/amk/verified")));
}

} // namespace
