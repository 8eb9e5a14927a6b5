#include "evenkeel/nn/losses.h"

#include <gtest/gtest.h>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

TEST(Losses, AreKnownByTheNamesTheyAreWrittenWith) {
  for (const std::string& name : loss_names()) EXPECT_EQ(loss_named(name_of(loss_named(name))), loss_named(name));
}

TEST(Losses, KeepTheirNameWhateverTheirOptions) {
  EXPECT_EQ(name_of(Loss(SigmoidCrossEntropy{.label_smoothing = 0.5})), "binary_crossentropy");
}

TEST(Losses, RefuseAnUnknownName) { EXPECT_THROW(loss_named("crossentropy"), Error); }

TEST(Smoothing, OfASoftmaxSharesAPartAmongAllClasses) {
  const Smoothing smoothing = smoothing_of(SoftmaxCrossEntropy{.label_smoothing = 0.25}, 5);
  EXPECT_EQ(smoothing.scale, 0.75);
  EXPECT_EQ(smoothing.offset, 0.05);
}

TEST(Smoothing, OfASigmoidGoesTowardsAHalf) {
  const Smoothing smoothing = smoothing_of(SigmoidCrossEntropy{.label_smoothing = 0.25}, 5);
  EXPECT_EQ(smoothing.scale, 0.75);
  EXPECT_EQ(smoothing.offset, 0.125);
}

TEST(Smoothing, OfASquaredErrorIsNone) { EXPECT_EQ(smoothing_of(MeanSquaredError{}, 5).scale, 1); }

}  // namespace
}  // namespace evenkeel
