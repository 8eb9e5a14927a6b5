#include "evenkeel/nn/normalizations.h"

#include <gtest/gtest.h>

namespace evenkeel {
namespace {

TEST(MomentumText, HasTheDigitsThatTellItFromOne) {
  EXPECT_EQ(momentum_text(0.9), "0.9");
  EXPECT_EQ(momentum_text(0.99), "0.99");
  EXPECT_EQ(momentum_text(1 - 0.0003), "0.9997");
  EXPECT_EQ(momentum_text(0.99997), "0.99997");
  EXPECT_EQ(momentum_text(0.982), "0.982");
  EXPECT_EQ(momentum_text(0), "0");
  EXPECT_EQ(momentum_text(1), "1");
}

TEST(Modes, OfTrainingLeaveFrozenStatisticsAsTheyAre) {
  Sequential model({4});
  model.add(BatchNormalization{.name = "own"}, Dense{.units = 3},
            BatchNormalization{.frozen_statistics = true, .name = "frozen"}, Dropout{.rate = 0.5});
  const std::vector<LayerMode> modes = modes_of(model, LayerMode::of(Mode::train));
  ASSERT_EQ(modes.size(), 4u);
  EXPECT_EQ(modes[0], LayerMode::of(Mode::train));
  EXPECT_EQ(modes[2], (LayerMode{.statistics = Statistics::moving, .update_statistics = false, .dropout = true}));
  EXPECT_EQ(modes[3], LayerMode::of(Mode::train));
  EXPECT_EQ(modes_of(model, LayerMode::of(Mode::evaluate)), std::vector<LayerMode>(4, LayerMode::of(Mode::evaluate)));
}

}  // namespace
}  // namespace evenkeel
