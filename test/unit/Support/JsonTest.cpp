//===- JsonTest.cpp - Parsing and views, above all their errors -*- C++ -*-===//
//
// Part of AutoMegaKernel, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "amk/Support/Json.h"
#include "ExpectError.h"
#include "TemporaryDirectory.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <limits>

using namespace amk;
using namespace amk::test;
using nlohmann::json;

namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

std::string parseError(const std::string &text) {
  return errorOf([&] { parseJson(text, "f.json"); });
}

void expectContains(const std::string &message, const std::string &part) {
  EXPECT_NE(message.find(part), std::string::npos)
      << "message: " << message << "\nexpected in it: " << part;
}

//===----------------------------------------------------------------------===//
// parseJson
//===----------------------------------------------------------------------===//

TEST(Json, ParsesWhatTheLibraryParses) {
  for (const char *text :
       {"null", "true", "-1", "18446744073709551615", "2.5e-3", "\"a\\u00e9\"",
        "[]", "{}", " [1, [2, {\"a\": [3, null]}], \"x\"] \n",
        "{\"a\": {\"b\": [], \"c\": 1}, \"\": {\"a\": 2}, \"z\": [[[]]]}"})
    EXPECT_EQ(parseJson(text, "f.json"), json::parse(text)) << text;
}

TEST(Json, SyntaxErrorsNameFileAndByte) {
  struct Case {
    const char *text;
    const char *part;
  };
  for (const Case &c : {
           Case{"", "f.json: byte 1: parse error"},
           Case{"{\"a\": 1", "byte 8: parse error"},
           Case{"[1,]", "byte 4: parse error"},
           Case{"{'a': 1}", "byte 2: parse error"},
           Case{"{\"a\" 1}", "byte 6: parse error"},
           Case{"[01]", "byte 3: parse error"},
           Case{"\"a", "byte 3: parse error"},
           Case{"\"\\x\"", "byte 3: parse error"},
           Case{"\"\\ud800\"", "byte 8: parse error"},
           Case{"\"\xff\"", "byte 2: parse error"},
           Case{"[1] // note", "byte 5: parse error"},
           Case{"{} {}", "byte 4: parse error"},
           Case{"1 2", "byte 3: parse error"},
           Case{"NaN", "byte 1: parse error"},
           Case{"[Infinity]", "byte 2: parse error"},
           Case{"[-Infinity]", "byte 3: parse error"},
       })
    expectContains(parseError(c.text), c.part);
}

TEST(Json, NulIsNotTheEnd) {
  EXPECT_EQ(parseError(std::string("{}\0x", 4)),
            "f.json: byte 3: found a NUL character, expected JSON");
}

TEST(Json, RefusesDuplicateKeys) {
  EXPECT_EQ(parseError("{\"a\": 1, \"b\": 2, \"a\": 3}"),
            "f.json: byte 20: duplicate key \"a\"");
  EXPECT_EQ(parseError("[{\"x\": {\"k\": 1, \"\\u006b\": 1}}]"),
            "f.json: byte 24: duplicate key \"k\"");
  // The same key in other objects is fine.
  EXPECT_EQ(parseJson("[{\"a\": {\"a\": 1}}, {\"a\": 2}]", "f").size(), 2u);
}

TEST(Json, RefusesDeepNesting) {
  auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parseJson(nested(64), "f").is_array());
  EXPECT_EQ(parseError(nested(65)),
            "f.json: byte 65: found nesting deeper than 64, expected less");
  std::string objects;
  for (int i = 0; i != 100000; ++i)
    objects += "{\"a\":";
  expectContains(parseError(objects), "found nesting deeper than 64");
}

TEST(Json, RefusesNumbersThatOverflow) {
  expectContains(parseError("{\"a\": 1e400}"), "f.json: byte ");
  expectContains(parseError("{\"a\": 1e400}"),
                 "number overflow parsing '1e400'");
  expectContains(parseError("[-1e999]"), "number overflow");
  expectContains(parseError("[" + std::string(400, '9') + "]"),
                 "number overflow");
  EXPECT_EQ(parseJson("1e-400", "f").get<double>(), 0.0);
}

TEST(Json, LongTokensAreShortened) {
  EXPECT_LT(parseError("[" + std::string(100000, '9') + "]").size(), 300u);
  EXPECT_LT(parseError("\"" + std::string(100000, 'a')).size(), 300u);
  std::string key = "\"" + std::string(100000, 'k') + "\"";
  EXPECT_LT(parseError("{" + key + ":1," + key + ":1}").size(), 120u);
}

TEST(Json, MessagesArePrintable) {
  EXPECT_EQ(printable("a\n\x7f\xc3"), "a\\x0a\\x7f\\xc3");
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdefg", 6), "abcdef...");
}

//===----------------------------------------------------------------------===//
// readFile
//===----------------------------------------------------------------------===//

TEST(Json, ReadsFiles) {
  TemporaryDirectory directory;
  std::string content("a\0b\n", 4);
  EXPECT_EQ(readFile(directory.write("f", content)), content);
  EXPECT_EQ(readFile(directory.write("empty", "")), "");
  std::string large(200000, 'x');
  EXPECT_EQ(readFile(directory.write("large", large), 200000), large);
}

TEST(Json, ReadFileErrors) {
  TemporaryDirectory directory;
  expectContains(errorOf([&] { readFile(directory.path("none")); }),
                 directory.path("none") + ": cannot open: No such file");
  expectContains(errorOf([&] { readFile(directory.path()); }),
                 directory.path() + ": cannot read: Is a directory");
  std::string path = directory.write("f", "12345");
  EXPECT_EQ(readFile(path, 5), "12345");
  EXPECT_EQ(errorOf([&] { readFile(path, 4); }),
            path + ": found a larger file, expected at most 4 bytes");
}

//===----------------------------------------------------------------------===//
// JsonView
//===----------------------------------------------------------------------===//

class JsonViewTest : public testing::Test {
protected:
  json document = parseJson(R"({
    "n": null, "t": true, "i": -5, "u": 18446744073709551615, "f": 1.5,
    "whole": 2.0, "s": "text", "o": {"list": [1, [2, "x"]], "a.b": 1},
    "long": "0123456789012345678901234567890123456789012345678901234567890123"
  })",
                            "f.json");
  JsonView view{document, "f.json"};

  template <typename Action>
  void expectError(Action &&action, const std::string &message) {
    EXPECT_EQ(errorOf(action), message);
  }
};

TEST_F(JsonViewTest, Reads) {
  EXPECT_TRUE(view.has("i"));
  EXPECT_FALSE(view.has("n"));
  EXPECT_FALSE(view.has("none"));
  EXPECT_TRUE(view.at("n").isNull());
  EXPECT_TRUE(view.at("t").asBool());
  EXPECT_EQ(view.at("i").asInt(-5, -5), -5);
  EXPECT_EQ(view.at("i").asInt(kMin, kMax), -5);
  EXPECT_EQ(view.at("f").asFinite(), 1.5);
  EXPECT_EQ(view.at("i").asFinite(), -5.0);
  EXPECT_EQ(view.at("s").asString(), "text");
  EXPECT_EQ(view.at("o").keys(), (std::vector<std::string>{"a.b", "list"}));
  EXPECT_EQ(view.at("o").size(), 2u);
  EXPECT_EQ(view.at("o").at("list").at(1).size(), 2u);
  EXPECT_EQ(view.at("o").at("list").at(1).path(), "o.list[1]");
}

TEST_F(JsonViewTest, TypeErrors) {
  expectError([&] { view.at("s").asInt(0, 9); },
              "f.json: s: found \"text\", expected an integer from 0 to 9");
  expectError([&] { view.at("s").asFinite(); },
              "f.json: s: found \"text\", expected a finite number");
  expectError([&] { view.at("t").asFinite(); },
              "f.json: t: found true, expected a finite number");
  expectError([&] { view.at("i").asBool(); },
              "f.json: i: found -5, expected true or false");
  expectError([&] { view.at("n").asString(); },
              "f.json: n: found null, expected a string");
  expectError([&] { view.at("f").expectArray(); },
              "f.json: f: found 1.5, expected an array");
  expectError([&] { view.at("f").expectObject(); },
              "f.json: f: found 1.5, expected an object");
  expectError([&] { view.at("s").size(); },
              "f.json: s: found \"text\", expected an object or an array");
  expectError([&] { view.at("s").has("a"); },
              "f.json: s: found \"text\", expected an object");
  expectError([&] { view.at("o").at("list").keys(); },
              "f.json: o.list: found [1,[2,\"x\"]], expected an object");
  expectError([&] { view.at("o").at("list").at(1).at(1).asBool(); },
              "f.json: o.list[1][1]: found \"x\", expected true or false");
}

TEST_F(JsonViewTest, MissingParts) {
  expectError([&] { view.at("none"); },
              "f.json: none: found nothing, expected a value");
  expectError([&] { view.at("o").at("none"); },
              "f.json: o.none: found nothing, expected a value");
  expectError([&] { view.at("o").at("list").at(2); },
              "f.json: o.list: found [1,[2,\"x\"]], expected at least 3 "
              "elements");
}

TEST_F(JsonViewTest, IntegerRanges) {
  expectError([&] { view.at("i").asInt(-4, 9); },
              "f.json: i: found -5, expected an integer from -4 to 9");
  expectError([&] { view.at("i").asInt(-9, -6); },
              "f.json: i: found -5, expected an integer from -9 to -6");
  expectError([&] { view.at("whole").asInt(0, 9); },
              "f.json: whole: found 2.0, expected an integer from 0 to 9");
  // Would be -1 if it were cut to 64 bits with a sign.
  expectError([&] { view.at("u").asInt(-1, 9); },
              "f.json: u: found 18446744073709551615, expected an integer "
              "from -1 to 9");
}

TEST_F(JsonViewTest, RootHasNoPath) {
  json number = 3;
  expectError([&] { JsonView(number, "f.json").expectObject(); },
              "f.json: found 3, expected an object");
  json infinite = std::numeric_limits<double>::infinity();
  expectError([&] { JsonView(infinite, "f.json").asFinite(); },
              "f.json: found null, expected a finite number");
}

TEST_F(JsonViewTest, LongValuesAreShortened) {
  expectError([&] { view.at("long").asBool(); },
              "f.json: long: found \"01234567890123456789012345678901234567890"
              "123456789012345678..., expected true or false");
  std::string key(1000, 'k');
  EXPECT_LT(errorOf([&] { view.at(key); }).size(), 120u);
}

} // namespace
