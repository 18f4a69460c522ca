//===- Safetensors.cpp - Checkpoint tensors, memory-mapped -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Support/Safetensors.h"
#include "amk/Support/Error.h"
#include "amk/Support/Json.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <set>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace amk {

namespace {

using TensorMap = std::map<std::string, TensorInfo>;

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100ull << 20;
constexpr size_t kMaxRank = 8;
constexpr const char *kMetadataKey = "__metadata__";
constexpr const char *kSingleFile = "model.safetensors";
constexpr const char *kIndexFile = "model.safetensors.index.json";
constexpr const char *kSuffix = ".safetensors";

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

/// A file opened for reading. O_NONBLOCK: a FIFO without a writer must give an
/// error (in size()), not wait.
class InputFile {
public:
  explicit InputFile(const std::string &path)
      : path(path),
        fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (fd < 0)
      failErrno("cannot open");
  }
  InputFile(const InputFile &) = delete;
  ~InputFile() { ::close(fd); }

  int descriptor() const { return fd; }

  uint64_t size() const {
    struct stat status;
    if (::fstat(fd, &status) != 0)
      failErrno("cannot stat");
    if (!S_ISREG(status.st_mode))
      fail(path, "found something else, expected a regular file");
    return static_cast<uint64_t>(status.st_size);
  }

  /// Appends `count` bytes from `offset` of the file to `out`.
  void read(uint64_t offset, uint64_t count, std::string &out) const {
    size_t done = out.size();
    out.resize(done + count);
    while (done != out.size()) {
      ssize_t got = ::pread(fd, &out[done], out.size() - done,
                            static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        failErrno("cannot read");
      if (got == 0)
        fail(path, "found the end of the file at byte " +
                       std::to_string(offset) + ", expected more");
      done += static_cast<size_t>(got);
      offset += static_cast<uint64_t>(got);
    }
  }

  [[noreturn]] void failErrno(const char *what) const {
    fail(path, std::string(what) + ": " + std::strerror(errno));
  }

private:
  const std::string &path;
  int fd;
};

bool exists(const std::string &path) {
  struct stat status;
  if (::stat(path.c_str(), &status) == 0)
    return true;
  if (errno != ENOENT && errno != ENOTDIR)
    fail(path, std::string("cannot stat: ") + std::strerror(errno));
  return false;
}

//===----------------------------------------------------------------------===//
// One header
//===----------------------------------------------------------------------===//

/// The header's length from the first bytes of a file, checked against the
/// file's size before anything is allocated.
uint64_t headerLength(const char *bytes, uint64_t available, uint64_t fileBytes,
                      const std::string &file) {
  if (available < kLengthBytes)
    fail(file, "found " + std::to_string(available) +
                   " bytes, expected at least 8 (the header's length)");
  uint64_t length = 0;
  for (unsigned i = 0; i != kLengthBytes; ++i)
    length |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i]))
              << (8 * i);
  if (length > kMaxHeaderBytes)
    fail(file, "header length: found " + std::to_string(length) +
                   ", expected at most " + std::to_string(kMaxHeaderBytes));
  if (length > fileBytes - kLengthBytes)
    fail(file, "header length: found " + std::to_string(length) +
                   ", expected at most " +
                   std::to_string(fileBytes - kLengthBytes) +
                   " (the rest of the file)");
  return length;
}

/// Elements of a tensor.
uint64_t readShape(const JsonView &view, std::vector<int64_t> &shape) {
  view.expectArray();
  if (view.size() > kMaxRank)
    view.expected("at most " + std::to_string(kMaxRank) + " dimensions");
  uint64_t elements = 1;
  for (size_t i = 0; i != view.size(); ++i) {
    JsonView dim = view.at(i);
    int64_t size = dim.asInt(0, std::numeric_limits<int64_t>::max());
    if (size == 0)
      fail(dim.file() + ": " + dim.path(),
           "found size 0, expected a positive size");
    if (__builtin_mul_overflow(elements, static_cast<uint64_t>(size),
                               &elements))
      view.expected("a number of elements below 2^64");
    shape.push_back(size);
  }
  return elements;
}

void expectKeys(const JsonView &view, const std::set<std::string> &known) {
  std::string place = view.path().empty() ? "" : ": " + view.path();
  for (const std::string &key : view.keys())
    if (!known.count(key))
      fail(view.file() + place,
           "found unknown key \"" + printable(key) + "\", expected none");
}

/// One entry of the header; the data begin at byte `dataBegin` of the file and
/// end with the file.
TensorInfo readEntry(const JsonView &view, uint64_t dataBegin,
                     uint64_t fileBytes) {
  expectKeys(view, {"dtype", "shape", "data_offsets"});
  TensorInfo info;
  info.file = view.file();

  JsonView dtype = view.at("dtype");
  auto known = dtypeFromName(dtype.asString());
  if (!known)
    dtype.expected("F32, F16 or BF16");
  info.dtype = *known;

  JsonView shape = view.at("shape");
  uint64_t elements = readShape(shape, info.shape);
  uint64_t bytes;
  if (__builtin_mul_overflow(elements, byteSize(info.dtype), &bytes))
    shape.expected("fewer than 2^64 bytes");

  JsonView offsets = view.at("data_offsets");
  offsets.expectArray();
  if (offsets.size() != 2)
    offsets.expected("begin and end");
  int64_t dataBytes = static_cast<int64_t>(std::min<uint64_t>(
      fileBytes - dataBegin, std::numeric_limits<int64_t>::max()));
  int64_t begin = offsets.at(size_t(0)).asInt(0, dataBytes);
  int64_t end = offsets.at(1).asInt(begin, dataBytes);
  info.bytes = static_cast<uint64_t>(end - begin);
  info.offset = dataBegin + static_cast<uint64_t>(begin);
  if (info.bytes != bytes)
    offsets.expected(std::to_string(bytes) + " bytes (shape times dtype)");
  return info;
}

void checkMetadata(const JsonView &view) {
  for (const std::string &key : view.keys())
    view.at(key).asString();
}

/// The data section must be covered by the tensors, each byte exactly once.
void checkCoverage(const TensorMap &tensors, uint64_t dataBegin,
                   uint64_t fileBytes, const std::string &file) {
  std::vector<const TensorMap::value_type *> order;
  for (const auto &entry : tensors)
    order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](const auto *a, const auto *b) {
    return a->second.offset < b->second.offset;
  });
  uint64_t end = dataBegin;
  for (const auto *entry : order) {
    const TensorInfo &info = entry->second;
    if (info.offset != end)
      fail(file + ": " + printable(entry->first) + ".data_offsets",
           "found begin " + std::to_string(info.offset - dataBegin) +
               ", expected " + std::to_string(end - dataBegin) +
               (info.offset < end ? " (overlaps the tensor before it)"
                                  : " (leaves a gap after the tensor before "
                                    "it)"));
    end = info.offset + info.bytes;
  }
  if (end != fileBytes)
    fail(file, "found " + std::to_string(fileBytes - end) +
                   " bytes after the last tensor, expected none");
}

//===----------------------------------------------------------------------===//
// Shards
//===----------------------------------------------------------------------===//

TensorMap readHeader(const std::string &path) {
  InputFile file(path);
  uint64_t fileBytes = file.size();
  std::string head;
  file.read(0, std::min(fileBytes, kLengthBytes), head);
  uint64_t length = headerLength(head.data(), head.size(), fileBytes, path);
  file.read(kLengthBytes, length, head);
  return TensorIndex::parseHeader(head.data(), head.size(), fileBytes, path);
}

/// A shard must lie in the directory itself.
std::string shardName(const JsonView &view) {
  std::string name = view.asString();
  std::string_view suffix = kSuffix;
  bool plain =
      name.size() > suffix.size() &&
      name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0 &&
      name.find("..") == name.npos &&
      std::none_of(name.begin(), name.end(), [](char c) {
        return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
      });
  if (!plain)
    view.expected("a plain file name that ends in .safetensors");
  return name;
}

/// weight_map of an index as shard -> tensors.
std::map<std::string, std::set<std::string>>
readWeightMap(const std::string &path) {
  nlohmann::json document = parseJson(readFile(path, kMaxHeaderBytes), path);
  JsonView index(document, path);
  expectKeys(index, {"metadata", "weight_map"});
  if (index.has("metadata"))
    index.at("metadata").expectObject();
  JsonView weightMap = index.at("weight_map");
  std::map<std::string, std::set<std::string>> shards;
  for (const std::string &tensor : weightMap.keys())
    shards[shardName(weightMap.at(tensor))].insert(tensor);
  if (shards.empty())
    weightMap.expected("at least one tensor");
  return shards;
}

/// Adds the tensors of one shard, which must be exactly `listed`. A tensor that
/// lies in two shards is found here too: the index lists it for one of them.
void addShard(const std::string &directory, const std::string &indexPath,
              const std::string &shard, const std::set<std::string> &listed,
              TensorMap &entries) {
  TensorMap tensors = readHeader(directory + "/" + shard);
  for (const std::string &name : listed)
    if (!tensors.count(name))
      fail(indexPath, "weight_map." + printable(name) + ": found \"" + shard +
                          "\", expected a shard that holds the tensor");
  for (auto &entry : tensors) {
    if (!listed.count(entry.first))
      fail(entry.second.file, "found tensor \"" + printable(entry.first) +
                                  "\", expected only tensors that the index "
                                  "lists for this shard");
    entries.insert(std::move(entry));
  }
}

} // namespace

TensorMap TensorIndex::parseHeader(const char *bytes, uint64_t available,
                                   uint64_t fileBytes,
                                   const std::string &file) {
  uint64_t length =
      headerLength(bytes, std::min(available, fileBytes), fileBytes, file);
  if (length > available - kLengthBytes)
    fail(file, "found " + std::to_string(available - kLengthBytes) +
                   " bytes of header, expected " + std::to_string(length));
  std::string text(bytes + kLengthBytes, length);
  if (text.empty() || text[0] != '{')
    fail(file, "header: found \"" + printable(text) + "\", expected \"{\"");

  nlohmann::json document = parseJson(text, file + ": header");
  JsonView header(document, file);
  uint64_t dataBegin = kLengthBytes + length;
  TensorMap tensors;
  for (const std::string &name : header.keys()) {
    JsonView entry = header.at(name);
    if (name == kMetadataKey)
      checkMetadata(entry);
    else if (name.empty())
      fail(file, "header: found a tensor with an empty name, expected a name");
    else
      tensors.emplace(name, readEntry(entry, dataBegin, fileBytes));
  }
  checkCoverage(tensors, dataBegin, fileBytes, file);
  return tensors;
}

TensorIndex TensorIndex::open(const std::string &directory) {
  std::string singlePath = directory + "/" + kSingleFile;
  std::string indexPath = directory + "/" + kIndexFile;
  bool single = exists(singlePath), sharded = exists(indexPath);
  if (single && sharded)
    fail(directory, std::string("found both ") + kSingleFile + " and " +
                        kIndexFile + ", expected one of them");
  if (!single && !sharded)
    fail(directory, std::string("found neither ") + kSingleFile + " nor " +
                        kIndexFile + ", expected one of them");
  TensorIndex result;
  if (single) {
    result.entries = readHeader(singlePath);
    return result;
  }
  for (const auto &[shard, listed] : readWeightMap(indexPath))
    addShard(directory, indexPath, shard, listed, result.entries);
  return result;
}

const TensorInfo *TensorIndex::find(const std::string &name) const {
  auto it = entries.find(name);
  return it == entries.end() ? nullptr : &it->second;
}

std::shared_ptr<MappedFile> MappedFile::open(const std::string &path) {
  InputFile input(path);
  uint64_t bytes = input.size();
  if (bytes == 0)
    fail(path, "found an empty file, expected data");
  void *base =
      ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, input.descriptor(), 0);
  if (base == MAP_FAILED)
    input.failErrno("cannot map");
  std::shared_ptr<MappedFile> file(new MappedFile);
  file->base = static_cast<const uint8_t *>(base);
  file->bytes = bytes;
  return file;
}

MappedFile::~MappedFile() {
  if (base)
    ::munmap(const_cast<uint8_t *>(base), bytes);
}

} // namespace amk
