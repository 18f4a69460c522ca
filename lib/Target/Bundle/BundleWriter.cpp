//===- BundleWriter.cpp - Writes bundles ----------------------------------===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Target/BundleWriter.h"
#include "amk/Runtime/Bundle.h"
#include "amk/Support/Error.h"
#include "amk/Support/Hash.h"
#include "amk/Support/Json.h"
#include "amk/Support/Version.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace amk;
namespace fs = std::filesystem;

static constexpr const char *kManifestFile = "manifest.json";
static constexpr const char *kTablesFile = "tables.bin";
/// In a directory that is being written; locked by the process that writes.
static constexpr const char *kWriterFile = ".amk-writer";
static constexpr const char *kStagingSuffix = ".tmp-";
/// Ample for a process to lock the file that it has just made.
static constexpr std::chrono::minutes kTimeToLock{1};

namespace {

/// A locked file. The system unlocks it when the process ends, however that is.
class FileLock {
public:
  explicit FileLock(const std::string &file, int flags = 0)
      : descriptor(::open(file.c_str(), O_RDWR | O_CLOEXEC | flags, 0600)),
        isHeld(descriptor >= 0 && ::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
  }
  FileLock(const FileLock &) = delete;
  ~FileLock() {
    if (descriptor >= 0)
      ::close(descriptor);
  }
  explicit operator bool() const { return isHeld; }

private:
  int descriptor;
  bool isHeld;
};

/// A new directory beside `target` that is removed unless it was moved away.
class StagingDirectory {
public:
  explicit StagingDirectory(const fs::path &target)
      : path(makeDirectory(target)),
        // A file system without locks grants none to others either: nobody
        // takes the directory for left behind.
        lock(path + "/" + kWriterFile, O_CREAT | O_EXCL) {
    // mkdtemp keeps others out; a bundle is as readable as any new directory.
    mode_t mask = ::umask(0);
    ::umask(mask);
    ::chmod(path.c_str(), 0777 & ~mask);
  }
  StagingDirectory(const StagingDirectory &) = delete;
  ~StagingDirectory() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }

  void write(const std::string &name, const std::string &bytes) const {
    std::string file = path + "/" + name;
    std::ofstream out(file, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out)
      fail(file, std::string("cannot write: ") + std::strerror(errno));
  }

  /// Exchanges places with `target`, so that what was there is removed.
  void moveTo(const fs::path &target) {
    std::error_code error;
    fs::remove(fs::path(path) / kWriterFile, error);
    std::string old = path + ".old";
    if (fs::exists(target)) {
      fs::rename(target, old, error);
      if (error)
        fail(target.string(), "cannot replace: " + error.message());
    }
    fs::rename(path, target, error);
    if (error) {
      std::error_code ignored;
      fs::rename(old, target, ignored);
      fail(target.string(), "cannot create: " + error.message());
    }
    fs::remove_all(old, error);
  }

private:
  static std::string makeDirectory(const fs::path &target) {
    std::string path = target.string() + kStagingSuffix + "XXXXXX";
    if (!::mkdtemp(path.data()))
      fail(target.string(),
           std::string("cannot create a directory beside it: ") +
               std::strerror(errno));
    return path;
  }

  std::string path;
  FileLock lock;
};

} // namespace

/// Whether a process that was killed has left `directory`.
static bool isLeftBehind(const fs::path &directory) {
  std::error_code error;
  fs::path file = directory / kWriterFile;
  if (!fs::is_regular_file(fs::symlink_status(file, error)))
    return false;
  auto age =
      fs::file_time_type::clock::now() - fs::last_write_time(file, error);
  return !error && age > kTimeToLock && FileLock(file.string());
}

/// What writers of `target` have left beside it.
static void removeLeftovers(const fs::path &target) {
  std::string prefix = target.filename().string() + kStagingSuffix;
  fs::path parent = target.parent_path();
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::directory_iterator it(parent.empty() ? "." : parent, error), end;
       !error && it != end; it.increment(error)) {
    std::string name = it->path().filename().string();
    if (name.rfind(prefix, 0) == 0 && name.size() == prefix.size() + 6 &&
        it->symlink_status(error).type() == fs::file_type::directory)
      found.push_back(it->path());
  }
  for (const fs::path &directory : found)
    if (isLeftBehind(directory))
      fs::remove_all(directory, error);
}

/// Without the slash at the end that a shell's completion leaves.
static fs::path plainPath(const std::string &directory) {
  if (directory.empty())
    throw Error("bundle: found an empty path, expected a directory");
  fs::path path = fs::path(directory).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

static bool isBundle(const fs::path &directory) {
  try {
    std::string file = (directory / kManifestFile).string();
    nlohmann::json manifest = parseJson(readFile(file), file);
    return JsonView(manifest, file).at("format").asString() == "amk-bundle";
  } catch (const Error &) {
    return false;
  }
}

void amk::checkBundleTarget(const std::string &directory) {
  fs::path path = plainPath(directory);
  std::error_code error;
  if (!fs::exists(path, error))
    return;
  if (!fs::is_directory(path, error))
    fail(path.string(), "found a file, expected a new path or a bundle");
  if (!fs::is_empty(path, error) && !isBundle(path))
    fail(path.string(), "found a directory that is no bundle, expected a new "
                        "path or a bundle to replace");
}

void amk::writeBundle(const BundlePlan &plan, const std::vector<CodeFile> &code,
                      const std::string &directory) {
  checkBundleTarget(directory);
  fs::path path = plainPath(directory);
  runtime::Manifest manifest = plan.manifest;
  manifest.amkVersion = version();
  std::string tables = schedule::encodeTables(plan.tables);
  manifest.tablesFile = kTablesFile;
  manifest.tablesHash = hex64(fnv1a(tables));
  for (const CodeFile &file : code) {
    manifest.code.push_back(file.info);
    manifest.code.back().hash = hex64(fnv1a(file.bytes));
  }
  std::string text = printManifest(manifest);
  // What the runtime would refuse must not be written.
  runtime::parseManifest(text, kManifestFile);
  schedule::Tables decoded = schedule::decodeTables(tables, kTablesFile);
  runtime::crossCheck(manifest, decoded, kTablesFile);
  runtime::verifyTables(decoded, kTablesFile);

  std::error_code error;
  if (path.has_parent_path())
    fs::create_directories(path.parent_path(), error);
  removeLeftovers(path);
  StagingDirectory staging(path);
  staging.write(kManifestFile, text);
  staging.write(kTablesFile, tables);
  for (const CodeFile &file : code)
    staging.write(file.info.file, file.bytes);
  staging.moveTo(path);
}
