#include <gtest/gtest.h>

#include "tests/diagnose/repairs/mended.h"

namespace evenkeel {
namespace {

using namespace activations;

TEST(UoutForDropout, InjectsTheSameVarianceAndChangesNoOutput) {
  const Model model = chain_model();
  const auto network = trained(model);
  const Mended mended(*network, "uout");
  const auto* uout = mended.after->model().nodes()[4].layer.as<Uout>();
  ASSERT_TRUE(uout);
  EXPECT_NEAR(uout->beta, uout_beta_for_dropout(0.4), 1e-12);
  EXPECT_EQ(difference(outputs_of(*network, mended.data), outputs_of(*mended.after, mended.data)), 0);
}

TEST(UoutForDropout, LeavesDropoutBehindTheLastNormalization) {
  Sequential model = chain("last", {5});
  model.add(Dense{.units = 4}, BatchNormalization{}, Dropout{}, Dense{.units = 2});
  const auto network = trained(model);
  EXPECT_TRUE(Mended(*network, "uout").log.changes.empty());
}

TEST(DropoutLast, MovesAllDropoutBehindTheLastNormalization) {
  Sequential model = chain("moved");
  model.add(Conv2D{.filters = 3}, Dropout{.rate = 0.2}, BatchNormalization{}, Activation{relu}, Dropout{.rate = 0.4},
            Flatten{}, Dense{.units = 4}, BatchNormalization{}, Activation{relu}, Dense{.units = 2, .name = "head"});
  const auto network = trained(model);
  const Mended mended(*network, "dropout-last");
  const Model& after = mended.after->model();
  ASSERT_EQ(count<Dropout>(after), 1);
  const auto* dropout = after.nodes()[static_cast<std::size_t>(after.layers() - 2)].layer.as<Dropout>();
  ASSERT_TRUE(dropout);
  EXPECT_EQ(dropout->rate, 0.4);
  EXPECT_EQ(difference(outputs_of(*network, mended.data), outputs_of(*mended.after, mended.data)), 0);
}

TEST(DropoutLast, RefusesWhereNoLayerComesBehindTheLastNormalization) {
  Sequential model = chain("ends", {5});
  model.add(Dropout{}, Dense{.units = 2}, BatchNormalization{});
  const auto network = trained(model);
  EXPECT_SAYS(error_of([&] { Mended(*network, "dropout-last"); }), "a Conv2D or Dense after the last normalization");
}

TEST(SwapForBatchRenormalization, KeepsTheOutputs) {
  for (const Model& model : foldable_before()) expect_same_outputs(model, "batch-renormalization");
}

TEST(SwapForBatchRenormalization, LeavesNoBatchNormalization) {
  const auto network = trained(chain_model());
  const Mended mended(*network, "batch-renormalization");
  EXPECT_EQ(count<BatchNormalization>(mended.after->model()), 0);
  EXPECT_EQ(count<BatchRenormalization>(mended.after->model()), 4);
}

TEST(SwapForGroupNormalization, GivesGroupsThatHaveChannelsEnoughAndDivideThem) {
  for (const auto& [channels, groups] :
       std::vector<std::pair<int, int>>{{5, 1}, {30, 1}, {64, 4}, {76, 4}, {512, 32}}) {
    Sequential model = chain("grouped");
    model.add(Conv2D{.filters = channels, .kernel_size = 1}, BatchNormalization{}, Flatten{}, Dense{.units = 2});
    const auto network = trained(model);
    const Mended mended(*network, "group-normalization");
    const auto* layer = mended.after->model().nodes()[1].layer.as<GroupNormalization>();
    ASSERT_TRUE(layer) << channels;
    EXPECT_EQ(layer->groups, groups) << channels;
  }
}

TEST(SwapForGroupNormalization, TakesLayersWithoutMovingStatisticsToo) {
  Sequential model = chain("of_the_batch");
  model.add(Conv2D{.filters = 4}, BatchNormalization{.scale = false, .moving_statistics = false}, Flatten{},
            Dense{.units = 2});
  const auto network = trained(model);
  const Mended mended(*network, "group-normalization");
  const auto* layer = mended.after->model().nodes()[1].layer.as<GroupNormalization>();
  ASSERT_TRUE(layer);
  EXPECT_FALSE(layer->scale);
}

TEST(SwapForGroupNormalization, KeepsGammaAndBeta) {
  const auto network = trained(foldable_before().front());
  const Mended mended(*network, "group-normalization");
  const TensorView before = network->weight("batch_normalization/gamma"),
                   after = mended.after->weight("batch_normalization/gamma");
  EXPECT_EQ(difference(Tensor::copy_of(before), Tensor::copy_of(after)), 0);
}

}  // namespace
}  // namespace evenkeel
