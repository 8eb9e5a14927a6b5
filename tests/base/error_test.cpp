#include "evenkeel/base/error.h"

#include <gtest/gtest.h>

namespace evenkeel {
namespace {

TEST(Error, SaysWhereExpectedReceivedAndHint) {
  const Error error{{.where = "layer \"dense_2\"",
                     .expected = "input [N, 1024]",
                     .received = "[N, 4, 4, 64]",
                     .hint = "Put a Flatten before it."}};
  EXPECT_STREQ(error.what(),
               "layer \"dense_2\": expected input [N, 1024], received [N, 4, 4, 64]. Put a Flatten before it.");
}

TEST(Error, TakesReceivedAsTheStatementWhereNothingWasExpected) {
  const Error error{{.where = "a.toml:3", .received = "unknown key \"kernal\""}};
  EXPECT_STREQ(error.what(), "a.toml:3: unknown key \"kernal\".");
}

TEST(Error, NeedsNoPlace) {
  const Error error{{.expected = "1", .received = "2"}};
  EXPECT_STREQ(error.what(), "expected 1, received 2.");
}

TEST(Error, AddsNoSecondFullStop) {
  EXPECT_STREQ(Error({.received = "Nothing there."}).what(), "Nothing there.");
  EXPECT_STREQ(Error({.received = "Is it there?"}).what(), "Is it there?");
}

TEST(Error, KeepsItsParts) {
  const Error error{{.where = "w", .expected = "e", .received = "r", .hint = "h"}};
  EXPECT_EQ(error.parts().where, "w");
  EXPECT_EQ(error.parts().expected, "e");
  EXPECT_EQ(error.parts().received, "r");
  EXPECT_EQ(error.parts().hint, "h");
}

TEST(Error, SeenFromOutsideBeginsWithTheOuterPlace) {
  const Error inner{{.where = "shape", .expected = "1", .received = "2"}};
  EXPECT_STREQ(inner.inside("x.npy").what(), "x.npy: shape: expected 1, received 2.");
}

TEST(Error, WithoutAPlaceTakesTheOuterOneAlone) {
  EXPECT_STREQ(Error({.received = "broken"}).inside("x.npy").what(), "x.npy: broken.");
}

}  // namespace
}  // namespace evenkeel
