//===- BundleProofs.cpp - Remembers which tables are safe -----------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A proof is a small file named by its key. It has one allowed content, belongs
// to this user and can be written by nobody else; anything else is no proof.
//
//===----------------------------------------------------------------------===//

#include "BundleProofs.h"
#include "amk/Support/Error.h"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

using namespace amk;
using namespace amk::runtime;
namespace fs = std::filesystem;

static std::mutex mutex;
static std::set<std::string> &provenHere() {
  static std::set<std::string> keys;
  return keys;
}

static std::string variable(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

bool runtime::mayRememberProofs() {
  std::string value = variable("AMK_VERIFY_CACHE");
  if (value.empty() || value == "1")
    return true;
  if (value != "0")
    fail("AMK_VERIFY_CACHE", "found \"" + value + "\", expected 0 or 1");
  return false;
}

/// Empty if the environment names no place.
static fs::path directory() {
  if (fs::path chosen = variable("AMK_CACHE_DIR"); !chosen.empty())
    return chosen / "verified";
  if (fs::path base = variable("XDG_CACHE_HOME"); base.is_absolute())
    return base / "amk" / "verified";
  if (fs::path home = variable("HOME"); home.is_absolute())
    return home / ".cache" / "amk" / "verified";
  return {};
}

static std::string contentOf(const std::string &key) {
  return "amk: tables found safe\n" + key + "\n";
}

static bool isOnDisk(const std::string &key) {
  fs::path place = directory();
  if (place.empty())
    return false;
  int file = open((place / key).c_str(),
                  O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    return false;
  std::string expected = contentOf(key);
  std::string found(expected.size() + 1, '\0');
  struct stat info;
  bool isMine = fstat(file, &info) == 0 && S_ISREG(info.st_mode) &&
                info.st_uid == geteuid() &&
                (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
  ssize_t size = isMine ? ::read(file, found.data(), found.size()) : -1;
  close(file);
  return size == static_cast<ssize_t>(expected.size()) &&
         found.compare(0, expected.size(), expected) == 0;
}

bool runtime::isProvenSafe(const std::string &key) {
  std::lock_guard<std::mutex> lock(mutex);
  if (provenHere().count(key))
    return true;
  if (!isOnDisk(key))
    return false;
  provenHere().insert(key);
  return true;
}

/// A reader sees the whole file or none.
static void writeToDisk(const std::string &key) {
  fs::path place = directory();
  std::error_code ignored;
  if (place.empty())
    return;
  fs::create_directories(place, ignored);
  std::string temporary = (place / (key + ".XXXXXX")).string();
  int file = mkstemp(temporary.data()); // mode 0600
  if (file < 0)
    return;
  std::string content = contentOf(key);
  bool isWritten = ::write(file, content.data(), content.size()) ==
                   static_cast<ssize_t>(content.size());
  isWritten &= close(file) == 0;
  if (!isWritten || std::rename(temporary.c_str(), (place / key).c_str()) != 0)
    unlink(temporary.c_str());
}

void runtime::rememberProof(const std::string &key) {
  std::lock_guard<std::mutex> lock(mutex);
  if (provenHere().insert(key).second)
    writeToDisk(key);
}
