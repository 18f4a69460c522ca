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
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdlib.h>
#include <sys/stat.h>

using namespace amk;
namespace fs = std::filesystem;

static constexpr const char *kManifestFile = "manifest.json";
static constexpr const char *kTablesFile = "tables.bin";

namespace {

/// A new directory beside `target` that is removed unless it was moved away.
class StagingDirectory {
public:
  explicit StagingDirectory(const fs::path &target)
      : path(target.string() + ".tmp-XXXXXX") {
    if (!::mkdtemp(path.data()))
      fail(target.string(),
           std::string("cannot create a directory beside it: ") +
               std::strerror(errno));
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
  std::string path;
};

} // namespace

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
  StagingDirectory staging(path);
  staging.write(kManifestFile, text);
  staging.write(kTablesFile, tables);
  for (const CodeFile &file : code)
    staging.write(file.info.file, file.bytes);
  staging.moveTo(path);
}
