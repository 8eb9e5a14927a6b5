#include "evenkeel/formats/json_file.h"

#include <gtest/gtest.h>

#include <limits>

#include "evenkeel/base/error.h"
#include "tests/support/testing.h"

namespace evenkeel::formats {
namespace {

using Json = nlohmann::ordered_json;

TEST(JsonText, IsUtf8WhateverTheTextsAre) {
  const Json json = {{"caf\xe9", {"\xff", {{"deep", "a\xfe"}}}}, {"plain", "\u00e9"}};
  EXPECT_EQ(json_text(json), R"({"caf\\xe9":["\\xff",{"deep":"a\\xfe"}],"plain":"é"})");
}

TEST(JsonText, IsPrintableAndReadsBackAsTheSame) {
  const Json json = {{"a\u202e\u0085", "\x7f\x1b \xf0\x9f\xbf\xbe \xf0\x9f\x90\xb1"}};
  const std::string text = json_text(json);
  EXPECT_EQ(text, "{\"a\\u202e\\u0085\":\"\\u007f\\u001b \\ud83f\\udffe \xf0\x9f\x90\xb1\"}");
  EXPECT_EQ(parse_json(text, "text"), json);
}

TEST(JsonText, WritesNumbersThatAreNoneAsNull) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(json_text({nan, -nan, std::numeric_limits<double>::infinity()}), "[null,null,null]");
}

TEST(ParseJson, RefusesDepthBeforeItWalksAnything) {
  const std::string open(1'000'000, '[');
  try {
    parse_json(open, "deep.json");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_SAYS(error.what(), "at most 64 levels");
  }
  EXPECT_FALSE(parse_json(std::string(60, '[') + std::string(60, ']'), "a").is_discarded());
  EXPECT_FALSE(parse_json("[\"" + open + "\\\"" + open + "\"]", "brackets in a text").is_discarded());
  EXPECT_TRUE(parse_json("[1", "cut").is_discarded());
}

TEST(WholeNumber, IsRefusedOutsideItsRange) {
  const Json json = Json::parse(
      R"({"good": 7, "negative": -1, "huge": 9223372036854775808, "real": 7.0, "text": "7", "float": 1e300})");
  EXPECT_EQ(whole_number(json, "good", 0, 7, "record"), 7);
  for (const char* key : {"negative", "huge", "real", "text", "float", "absent"})
    EXPECT_THROW(whole_number(json, key, 0, std::numeric_limits<std::int64_t>::max(), "record"), Error) << key;
  EXPECT_THROW(whole_number(json, "good", 0, 6, "record"), Error);
  EXPECT_THROW(whole_number(json, "good", 8, 9, "record"), Error);
}

}  // namespace
}  // namespace evenkeel::formats
