//===- Json.cpp - Checked access to JSON documents -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Support/Json.h"
#include "amk/Support/Error.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <iterator>
#include <limits>
#include <unistd.h>

using nlohmann::json;

namespace amk {

namespace {

constexpr size_t kMaxDepth = 64;
constexpr uint64_t kMaxTextBytes = 256ull << 20;
/// Longest excerpt of the input in a message of the JSON parser, which quotes
/// the whole offending token.
constexpr size_t kMaxReasonBytes = 200;

/// Reads a string and keeps in `*next` where the parser is, because the
/// callbacks for keys, objects and arrays are not told.
struct CountingIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char *;
  using reference = const char &;

  const char *at;
  const char **next;

  reference operator*() const { return *at; }
  CountingIterator &operator++() {
    *next = ++at;
    return *this;
  }
  bool operator==(const CountingIterator &o) const { return at == o.at; }
  bool operator!=(const CountingIterator &o) const { return at != o.at; }
};

/// Builds the document and throws at the first thing it refuses.
class Builder final : public nlohmann::json_sax<json> {
public:
  Builder(const std::string &text, const std::string &file)
      : begin(text.data()), next(text.data()), file(file) {}

  json parse(size_t size) {
    json::sax_parse(CountingIterator{begin, &next},
                    CountingIterator{begin + size, &next}, this);
    return std::move(root);
  }

  bool null() override { return add(nullptr); }
  bool boolean(bool v) override { return add(v); }
  bool number_integer(number_integer_t v) override { return add(v); }
  bool number_unsigned(number_unsigned_t v) override { return add(v); }
  bool number_float(number_float_t v, const string_t &) override {
    return add(v);
  }
  bool string(string_t &v) override { return add(std::move(v)); }
  bool binary(binary_t &v) override { return add(std::move(v)); }

  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t &name) override {
    auto [it, inserted] = stack.back()->get_ref<json::object_t &>().emplace(
        std::move(name), nullptr);
    if (!inserted)
      refuse(position(), "duplicate key \"" + printable(it->first) + "\"");
    member = &it->second;
    return true;
  }

  bool parse_error(std::size_t at, const std::string &,
                   const json::exception &error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    std::string_view reason = error.what();
    if (size_t tag = reason.find("] "); tag != reason.npos)
      reason.remove_prefix(tag + 2);
    refuse(at, printable(reason, kMaxReasonBytes));
  }

private:
  uint64_t position() const { return static_cast<uint64_t>(next - begin); }

  [[noreturn]] void refuse(uint64_t at, const std::string &what) const {
    fail(file, "byte " + std::to_string(at) + ": " + what);
  }

  /// Puts a value in its place and returns where it lies.
  json *place(json &&value) {
    if (stack.empty()) {
      root = std::move(value);
      return &root;
    }
    if (stack.back()->is_object()) {
      *member = std::move(value);
      return member;
    }
    auto &elements = stack.back()->get_ref<json::array_t &>();
    elements.push_back(std::move(value));
    return &elements.back();
  }

  bool add(json &&value) {
    place(std::move(value));
    return true;
  }

  bool open(json &&value) {
    if (stack.size() == kMaxDepth)
      refuse(position(), "found nesting deeper than " +
                             std::to_string(kMaxDepth) + ", expected less");
    stack.push_back(place(std::move(value)));
    return true;
  }

  bool close() {
    stack.pop_back();
    return true;
  }

  const char *begin;
  const char *next;
  const std::string &file;
  json root;
  std::vector<json *> stack; ///< open containers, outermost first
  json *member = nullptr;    ///< where the value after a key goes
};

/// A file descriptor that closes itself.
class FileDescriptor {
public:
  explicit FileDescriptor(const std::string &path)
      : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd < 0)
      fail(path, std::string("cannot open: ") + std::strerror(errno));
  }
  FileDescriptor(const FileDescriptor &) = delete;
  ~FileDescriptor() { ::close(fd); }
  operator int() const { return fd; }

private:
  int fd;
};

} // namespace

std::string printable(std::string_view text, size_t maxBytes) {
  static const char digits[] = "0123456789abcdef";
  std::string result;
  for (char c : text.substr(0, maxBytes)) {
    unsigned char byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f)
      result += c;
    else
      result += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
  }
  return text.size() > maxBytes ? result + "..." : result;
}

json parseJson(const std::string &text, const std::string &file) {
  if (text.size() > kMaxTextBytes)
    fail(file, "found " + std::to_string(text.size()) +
                   " bytes, expected at most " + std::to_string(kMaxTextBytes));
  // The library takes NUL for the end of the text, whatever follows.
  if (size_t at = text.find('\0'); at != text.npos)
    fail(file, "byte " + std::to_string(at + 1) +
                   ": found a NUL character, expected JSON");
  return Builder(text, file).parse(text.size());
}

std::string readFile(const std::string &path, uint64_t maxBytes) {
  FileDescriptor fd(path);
  std::string content;
  std::vector<char> block(1 << 16);
  for (;;) {
    ssize_t got = ::read(fd, block.data(), block.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      fail(path, std::string("cannot read: ") + std::strerror(errno));
    if (got == 0)
      return content;
    content.append(block.data(), static_cast<size_t>(got));
    if (content.size() > maxBytes)
      fail(path, "found a larger file, expected at most " +
                     std::to_string(maxBytes) + " bytes");
  }
}

JsonView::JsonView(const json &value, std::string file, std::string path)
    : value(&value), fileName(std::move(file)), where(std::move(path)) {}

void JsonView::expected(const std::string &what) const {
  std::string place = where.empty() ? fileName : fileName + ": " + where;
  std::string found = value->dump(-1, ' ', /*ensure_ascii=*/false,
                                  json::error_handler_t::replace);
  fail(place, "found " + printable(found) + ", expected " + what);
}

bool JsonView::has(const std::string &key) const {
  expectObject();
  auto it = value->find(key);
  return it != value->end() && !it->is_null();
}

JsonView JsonView::at(const std::string &key) const {
  expectObject();
  std::string path = (where.empty() ? "" : where + ".") + printable(key);
  auto it = value->find(key);
  if (it == value->end())
    fail(fileName + ": " + path, "found nothing, expected a value");
  return JsonView(*it, fileName, path);
}

JsonView JsonView::at(size_t index) const {
  expectArray();
  if (index >= value->size())
    expected("at least " + std::to_string(index + 1) + " elements");
  return JsonView((*value)[index], fileName,
                  where + "[" + std::to_string(index) + "]");
}

size_t JsonView::size() const {
  if (!value->is_structured())
    expected("an object or an array");
  return value->size();
}

std::vector<std::string> JsonView::keys() const {
  expectObject();
  std::vector<std::string> names;
  for (const auto &member : value->get_ref<const json::object_t &>())
    names.push_back(member.first);
  return names;
}

int64_t JsonView::asInt(int64_t min, int64_t max) const {
  bool fits = value->is_number_integer();
  if (value->is_number_unsigned())
    fits = value->get<uint64_t>() <=
           static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (fits && value->get<int64_t>() >= min && value->get<int64_t>() <= max)
    return value->get<int64_t>();
  expected("an integer from " + std::to_string(min) + " to " +
           std::to_string(max));
}

double JsonView::asFinite() const {
  // A document that was not parsed but built can hold infinities.
  if (!value->is_number() || !std::isfinite(value->get<double>()))
    expected("a finite number");
  return value->get<double>();
}

bool JsonView::asBool() const {
  if (!value->is_boolean())
    expected("true or false");
  return value->get<bool>();
}

std::string JsonView::asString() const {
  if (!value->is_string())
    expected("a string");
  return value->get<std::string>();
}

void JsonView::expectObject() const {
  if (!value->is_object())
    expected("an object");
}

void JsonView::expectArray() const {
  if (!value->is_array())
    expected("an array");
}

} // namespace amk
