#include "evenkeel/formats/toml_nesting.h"

#include <gtest/gtest.h>

#include "evenkeel/base/error.h"
#include "evenkeel/base/limits.h"
#include "tests/support/testing.h"

namespace evenkeel::formats {
namespace {

std::string times(std::size_t n, const std::string& text) {
  std::string all;
  for (std::size_t i = 0; i < n; ++i) all += text;
  return all;
}

void expect_refused(const std::string& text) {
  try {
    check_nesting_of_toml(text, "deep.toml");
    ADD_FAILURE() << text.substr(0, 60);
  } catch (const Error& error) {
    EXPECT_SAYS(error.what(), "at most 64 levels");
  }
}

TEST(NestingOfToml, IsLimitedInDotsBracketsAndBraces) {
  constexpr std::size_t kTooMany = 100'000;
  expect_refused('[' + times(kTooMany, "a.") + "b]");
  expect_refused(times(kTooMany, "a.") + "b = 1");
  expect_refused(times(kTooMany, "\"a\" . ") + "b = 1");
  expect_refused("a = " + times(kTooMany, "["));
  expect_refused("a = " + times(kTooMany, "{ a = "));
  expect_refused("a = " + times(40, "{ " + times(40, "a.") + "a = "));
}

TEST(NestingOfToml, SaysTheLine) {
  try {
    check_nesting_of_toml("a = 1\n\n" + times(100, "a.") + "b = 1", "deep.toml");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.parts().where, "deep.toml:3");
  }
}

TEST(NestingOfToml, CountsNeitherTextsNorCommentsNorWhatFollowsOneAnother) {
  const std::string dots = times(200, ".["), lines = times(200, "a.b = [1.5, 2.5]\n");
  for (const std::string& text :
       {"a = \"" + dots + "\\\"" + dots + '"', "a = '" + dots + "\\'", "a = \"\"\"\n" + dots + "\"" + dots + "\"\"\"",
        "a = '''\n" + dots + "'" + dots + "'''", "# " + dots, lines, "a = [" + times(200, "1.5, ") + ']',
        times(200, "[[layer]]\n"), times(limits::kNesting - 1, "a.") + "b = 1"})
    EXPECT_NO_THROW(check_nesting_of_toml(text, "flat.toml")) << text.substr(0, 40);
}

}  // namespace
}  // namespace evenkeel::formats
