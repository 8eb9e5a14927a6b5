#include <gtest/gtest.h>

#include "tests/diagnose/repairs/mended.h"

namespace evenkeel {
namespace {

using namespace activations;

TEST(Fold, KeepsTheOutputsWhereALayerWithoutActivationComesBefore) {
  for (const Model& model : foldable_before()) expect_same_outputs(model, "fold");
}

TEST(Fold, KeepsTheOutputsWhereALayerThatDoesNotPadComesBehind) {
  for (const Model& model : foldable_behind()) expect_same_outputs(model, "fold");
}

TEST(Fold, LeavesNoNormalizationWhereAllCanBeFolded) {
  for (const auto& models : {foldable_before(), foldable_behind()})
    for (const Model& model : models) {
      const auto network = trained(model);
      EXPECT_TRUE(normalizations(Mended(*network, "fold").after->model()).empty()) << model.name();
    }
}

TEST(Fold, KeepsTheOutputsOfABranchedNetworkAndFoldsWhatHasOneReader) {
  const Model model = residual_model();
  expect_same_outputs(model, "fold");
  const auto network = trained(model);
  const Mended mended(*network, "fold");
  // "right" is read by two normalizations, and behind "of_joined" is a pooling.
  std::vector<std::string> left;
  for (const RepairNote& note : mended.log.left) left.push_back(note.layer);
  EXPECT_EQ(left, (std::vector<std::string>{"of_right", "of_right_too", "of_joined"}));
}

/// What folding says of a normalization between these two, which it cannot fold.
std::string refusal(Layer before, Layer behind) {
  Sequential model = chain("refused");
  model.append(before);
  model.append(BatchNormalization{});
  model.append(behind);
  model.add(Flatten{}, Dense{.units = 2});
  const auto network = trained(model);
  return error_of([&] { Mended(*network, "fold"); });
}

TEST(Fold, RefusesWhereAnActivationComesBetween) {
  EXPECT_SAYS(refusal(Conv2D{.filters = 3, .activation = elu, .name = "conv"}, MaxPooling2D{}),
              "before it, \"conv\" applies its elu first");
}

TEST(Fold, RefusesWhereZerosOrOtherAxesComeBetween) {
  EXPECT_SAYS(refusal(MaxPooling2D{}, ZeroPadding2D{.name = "zeros"}), "after it is \"zeros\", a ZeroPadding2D");
  EXPECT_SAYS(refusal(MaxPooling2D{}, Reshape{.target_shape = {-1, 9}, .name = "other"}),
              "after it is \"other\", a Reshape");
  EXPECT_SAYS(refusal(Conv2D{.filters = 4, .activation = elu}, ChannelShuffle{.groups = 2, .name = "turns"}),
              "after it is \"turns\", a ChannelShuffle");
}

TEST(Fold, KeepsTheOutputsOfDenseLayersAtEachPosition) {
  Sequential model = chain("positions");
  model.add(BatchNormalization{}, Dense{.units = 5}, BatchNormalization{.cumulative_average = true}, Activation{elu},
            BatchNormalization{}, Dense{.units = 4}, GlobalMaxPooling2D{}, Dense{.units = 2});
  for (const char* method : {"fold", "affine", "batch-renormalization"}) expect_same_outputs(model, method);
  const auto network = trained(model);
  EXPECT_TRUE(normalizations(Mended(*network, "fold").after->model()).empty());
  EXPECT_EQ(count<GroupNormalization>(Mended(*network, "group-normalization").after->model()), 3);
}

TEST(Fold, RefusesWhereAPoolingComesBetween) {
  const std::string said = refusal(MaxPooling2D{.name = "before"}, MaxPooling2D{.name = "behind"});
  EXPECT_SAYS(said, "before it is \"before\", a MaxPooling2D");
  EXPECT_SAYS(said, "after it is \"behind\", a MaxPooling2D");
}

TEST(Fold, RefusesWhereTheLayerBehindPads) {
  EXPECT_SAYS(refusal(MaxPooling2D{}, Conv2D{.filters = 3, .padding = Padding::same, .name = "conv"}),
              "after it, \"conv\" pads with zeros");
}

TEST(Fold, RefusesWhereTheLayerBehindIsTransposedOrHasTwoKernels) {
  EXPECT_SAYS(refusal(MaxPooling2D{}, Conv2DTranspose{.filters = 3, .name = "up"}),
              "after it, \"up\" spreads each pixel over several");
  EXPECT_SAYS(refusal(MaxPooling2D{}, SeparableConv2D{.filters = 3, .name = "two"}),
              "after it, \"two\" has two kernels");
}

TEST(Fold, PassesLayersThatHandOnWhatTheyRead) {
  Sequential model = chain("handed on", {9});
  model.add(BatchNormalization{}, Activation{}, Dense{.units = 4, .activation = elu}, Dense{.units = 2});
  expect_same_outputs(model, "fold");
  EXPECT_EQ(count<BatchNormalization>(Mended(*trained(model), "fold").after->model()), 0);
}

TEST(DropBias, KeepsTheOutputs) {
  for (const Model& model : foldable_before()) expect_same_outputs(model, "drop-bias");
}

TEST(DropBias, DropsWhatTheNormalizationTakesOutAndNothingElse) {
  const Model model = residual_model();
  const auto network = trained(model);
  const Mended mended(*network, "drop-bias");
  const Model& after = mended.after->model();
  const auto has_bias = [&](const char* layer) {
    return !after.nodes()[static_cast<std::size_t>(after.find(layer))].layer.traits().linear->bias.empty();
  };
  EXPECT_FALSE(has_bias("stem"));
  EXPECT_FALSE(has_bias("left"));
  EXPECT_TRUE(has_bias("right"));  // two normalizations read it
  EXPECT_TRUE(has_bias("head"));
}

TEST(DropBias, DropsWhatNormalizationsWithoutMovingStatisticsSubtract) {
  Sequential model = chain("without");
  model.add(Conv2D{.filters = 4, .name = "conv"}, BatchNormalization{.moving_statistics = false},
            Conv2D{.filters = 4, .name = "by_sample"}, GroupNormalization{.groups = -1}, Flatten{}, Dense{.units = 2});
  expect_same_outputs(model, "drop-bias");
  EXPECT_EQ(Mended(*trained(model), "drop-bias").log.changes.size(), 2u);
}

TEST(DropBias, FindsNothingToDoWhereThereIsNoSuchBias) {
  Sequential model = chain("clean", {5});
  model.add(Dense{.units = 4, .use_bias = false}, BatchNormalization{}, Dense{.units = 2});
  const auto network = trained(model);
  EXPECT_TRUE(Mended(*network, "drop-bias").log.changes.empty());
}

TEST(FrozenAffine, KeepsTheOutputs) {
  for (const auto& models : {foldable_before(), foldable_behind(), {residual_model(), chain_model()}})
    for (const Model& model : models) expect_same_outputs(model, "affine");
}

TEST(FrozenAffine, ComputesTheSameInTrainingAsInEvaluation) {
  Sequential model = chain("frozen");
  model.add(Conv2D{.filters = 4}, BatchNormalization{}, Activation{relu}, Flatten{}, Dense{.units = 2});
  const auto network = trained(model);
  const Mended mended(*network, "affine");
  // One batch of all samples: products of other batches may add in another order.
  const auto outputs_in = [&](Mode mode) {
    return predict(*mended.after, mended.data, {.batch_size = mended.data.size(), .mode = mode}).outputs;
  };
  EXPECT_EQ(difference(outputs_in(Mode::evaluate), outputs_in(Mode::train)), 0);
  EXPECT_EQ(count<Affine>(mended.after->model()), 1);
}

}  // namespace
}  // namespace evenkeel
