#include "evenkeel/data/npz_layout.h"

#include <gtest/gtest.h>

namespace evenkeel {
namespace {

/// "train: x_train y_train; ..."
std::string pairs_of(const std::vector<std::string>& names) {
  std::string text;
  for (const NpzPair& pair : npz_pairs(names))
    text += (text.empty() ? "" : "; ") + pair.split + ": " + pair.samples + ' ' + pair.targets;
  return text;
}

TEST(NpzPairs, AreKnownByNameInWhateverOrder) {
  EXPECT_EQ(pairs_of({"y", "x"}), ": x y");
  EXPECT_EQ(pairs_of({"Labels", "IMAGES"}), ": IMAGES Labels");
  EXPECT_EQ(pairs_of({"y_test", "x_train", "x_test", "y_train"}), "train: x_train y_train; test: x_test y_test");
  EXPECT_EQ(pairs_of({"train_images", "train_labels", "val-images", "val-labels"}),
            "train: train_images train_labels; validation: val-images val-labels");
  EXPECT_EQ(pairs_of({"X_valid", "X_train"}), "train: X_train ; validation: X_valid ");
}

TEST(NpzPairs, TakeTheBetterName) { EXPECT_EQ(pairs_of({"images", "x", "labels", "y"}), ": x y"); }

TEST(NpzPairs, AreNoneOfOtherNames) {
  EXPECT_EQ(pairs_of({"arr_0", "arr_1"}), "");
  EXPECT_EQ(pairs_of({"y", "y_train"}), "");
  EXPECT_EQ(pairs_of({"x_extra", "train"}), "");
}

TEST(SplitNamed, KnowsItsShortForms) {
  EXPECT_EQ(split_named("VAL"), "validation");
  EXPECT_EQ(split_named("training"), "train");
  EXPECT_FALSE(split_named("trian"));
}

}  // namespace
}  // namespace evenkeel
