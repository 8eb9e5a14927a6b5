#include <gtest/gtest.h>

#include "evenkeel/data/patches.h"
#include "evenkeel/nn/compile.h"
#include "evenkeel/nn/summary.h"
#include "evenkeel/studies/depth.h"
#include "evenkeel/studies/dropout.h"
#include "evenkeel/studies/placement.h"
#include "evenkeel/studies/speedup.h"
#include "evenkeel/studies/variance_shift.h"

// The studies' networks are the notebooks': sizes, shapes and settings of section 8 of the design.

namespace evenkeel {
namespace {

Shape output_of(const Model& model, const std::string& layer) {
  for (const LayerSummary& line : summarize(model).layers)
    if (line.name == layer) return line.output_shape;
  return {};
}

template <class T>
std::vector<T> layers_of(const Model& model) {
  std::vector<T> found;
  for (const auto& node : model.nodes())
    if (const T* layer = node.layer.as<T>()) found.push_back(*layer);
  return found;
}

std::vector<std::string> types_of(const Model& model) {
  std::vector<std::string> types;
  for (const auto& node : model.nodes()) types.emplace_back(node.layer.type());
  return types;
}

TEST(PlacementModel, HasThePublishedParameters) {
  for (const PlacementVariant variant : {PlacementVariant::before, PlacementVariant::after}) {
    const ModelSummary summary = summarize(placement_model(variant, {}));
    EXPECT_EQ(summary.total, 553850);
    EXPECT_EQ(summary.trainable, 553626);
  }
}

TEST(PlacementModel, NormalizesBeforeTheActivationOrAfterItOrNot) {
  const auto begin = [](PlacementVariant variant) {
    auto types = types_of(placement_model(variant, {}));
    types.resize(5);
    return types;
  };
  EXPECT_EQ(begin(PlacementVariant::before),
            std::vector<std::string>({"Rescaling", "Conv2D", "BatchNormalization", "Activation", "MaxPooling2D"}));
  EXPECT_EQ(begin(PlacementVariant::after),
            std::vector<std::string>({"Rescaling", "Conv2D", "Activation", "BatchNormalization", "MaxPooling2D"}));
  EXPECT_EQ(begin(PlacementVariant::none),
            std::vector<std::string>({"Rescaling", "Conv2D", "Activation", "MaxPooling2D", "Conv2D"}));
}

TEST(PlacementModel, HasABiasOnlyWhereNothingNormalizes) {
  for (const PlacementVariant variant : {PlacementVariant::before, PlacementVariant::after, PlacementVariant::none})
    for (const Conv2D& convolution : layers_of<Conv2D>(placement_model(variant, {})))
      EXPECT_EQ(convolution.use_bias, variant == PlacementVariant::none);
}

TEST(SpeedupModel, FlattensTo7260AndHasTheDenseLayersOfTheNotebook) {
  const Model model = speedup_model(SpeedupVariant::plain);
  EXPECT_EQ(output_of(model, "conv2d"), Shape({15, 15, 30}));
  EXPECT_EQ(output_of(model, "conv2d_1"), Shape({13, 13, 50}));
  EXPECT_EQ(output_of(model, "conv2d_2"), Shape({11, 11, 60}));
  EXPECT_EQ(output_of(model, "flatten"), Shape({7260}));
  const auto dense = layers_of<Dense>(model);
  ASSERT_EQ(dense.size(), 3u);
  EXPECT_EQ(dense[0].units, 3500);
  EXPECT_EQ(dense[1].units, 700);
  EXPECT_EQ(dense[2].units, 10);
  EXPECT_TRUE(layers_of<BatchNormalization>(model).empty());
}

TEST(SpeedupModel, NormalizesInFrontOfEachLayerAndTheFrozenOneNeverMovesItsStatistics) {
  for (const auto& [variant, momentum] : {std::pair{SpeedupVariant::batch_norm, 0.99}, {SpeedupVariant::frozen, 1.0}}) {
    const auto normalizations = layers_of<BatchNormalization>(speedup_model(variant));
    ASSERT_EQ(normalizations.size(), 6u);
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(normalizations[i].momentum, momentum);
      EXPECT_EQ(normalizations[i].epsilon, 1e-3);
      EXPECT_EQ(normalizations[i].unbiased_moving_variance, i < 3);  // of images
    }
  }
}

TEST(DropoutModel, DiffersBetweenVariantsInTheTwoNormalizationsBehindTheDenseLayers) {
  const auto end = [](DropoutVariant variant) {
    const auto types = types_of(dropout_model(variant));
    return std::vector<std::string>(types.begin() + 8, types.end());  // after flatten and its normalization
  };
  const std::string bn = "BatchNormalization";
  EXPECT_EQ(end(DropoutVariant::with_batch_norm),
            std::vector<std::string>({bn, "Dense", bn, "Dropout", "Dense", bn, "Dropout", "Dense"}));
  EXPECT_EQ(end(DropoutVariant::without_batch_norm),
            std::vector<std::string>({bn, "Dense", "Dropout", "Dense", "Dropout", "Dense"}));
  EXPECT_EQ(end(DropoutVariant::dropout_last),
            std::vector<std::string>({bn, "Dense", bn, "Dense", bn, "Dropout", "Dense"}));
}

TEST(DropoutModel, DropsAsPublishedAndMovesItsStatisticsBy075) {
  const auto rates = layers_of<Dropout>(dropout_model(DropoutVariant::with_batch_norm));
  ASSERT_EQ(rates.size(), 2u);
  EXPECT_EQ(rates[0].rate, 0.4);
  EXPECT_EQ(rates[1].rate, 0.5);
  const auto last = layers_of<Dropout>(dropout_model(DropoutVariant::dropout_last));
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].rate, 0.5);
  for (const auto& bn : layers_of<BatchNormalization>(dropout_model(DropoutVariant::with_batch_norm)))
    EXPECT_EQ(bn.momentum, 0.75);
}

/// For each normalization, whether it feeds its moving variance the unbiased one.
std::vector<bool> unbiased(const Model& model) {
  std::vector<bool> all;
  for (const auto& bn : layers_of<BatchNormalization>(model)) all.push_back(bn.unbiased_moving_variance);
  return all;
}

TEST(StudyModels, FeedUnbiasedVariancesAsTheirFrameworkDid) {
  // TensorFlow 1: of images only, not after flatten or a dense layer.
  EXPECT_EQ(unbiased(speedup_model(SpeedupVariant::batch_norm)),
            std::vector<bool>({true, true, true, false, false, false}));
  EXPECT_EQ(unbiased(dropout_model(DropoutVariant::with_batch_norm)),
            std::vector<bool>({true, true, true, false, false, false}));
  EXPECT_EQ(unbiased(dropout_model(DropoutVariant::without_batch_norm)), std::vector<bool>({true, true, true, false}));
  for (const PlacementVariant variant : {PlacementVariant::before, PlacementVariant::after})
    EXPECT_EQ(unbiased(placement_model(variant, {})), std::vector<bool>({true, true, true}));
  // Keras 2: in every rank.
  const VarianceShiftStudy study({}, {.train = make_patches(false, 10), .test = {}});
  for (const StudyVariant& variant : study.variants())
    if (variant.model.input_shape().rank() == 1) {
      for (const bool is_unbiased : unbiased(variant.model)) EXPECT_TRUE(is_unbiased) << variant.name;
    }
}

TEST(StudyModels, HaveTheEpsilonAndMomentumOfTheNotebooks) {
  const auto check = [](const Model& model, double momentum) {
    const auto all = layers_of<BatchNormalization>(model);
    EXPECT_FALSE(all.empty());
    for (const auto& bn : all) {
      EXPECT_EQ(bn.epsilon, 1e-3);
      EXPECT_EQ(bn.momentum, momentum);
    }
  };
  check(depth_model(DepthVariant::batch_norm), 0.99);
  check(placement_model(PlacementVariant::before, {}), 0.99);
  check(speedup_model(SpeedupVariant::batch_norm), 0.99);
  check(speedup_model(SpeedupVariant::frozen), 1);
  check(dropout_model(DropoutVariant::with_batch_norm), 0.75);
  for (const auto& bn : layers_of<BatchNormalizationFromParts>(depth_model(DepthVariant::batch_norm_parts)))
    EXPECT_EQ(bn.momentum, 0.99);
}

TEST(StudyModels, PadTheirConvolutionsAndDrawTheirFirstWeightsAsTheNotebooks) {
  const auto check = [](const Model& model, Padding padding, const Initializer& initializer) {
    for (const Conv2D& convolution : layers_of<Conv2D>(model)) {
      EXPECT_EQ(convolution.padding, padding);
      EXPECT_EQ(convolution.kernel_initializer, initializer);
    }
    for (const Dense& dense : layers_of<Dense>(model))
      EXPECT_EQ(dense.kernel_initializer, Initializer::glorot_uniform());
  };
  const Initializer glorot = Initializer::glorot_uniform();
  check(depth_model(DepthVariant::plain), Padding::same, glorot);
  check(depth_model(DepthVariant::batch_norm), Padding::same, glorot);
  check(depth_model(DepthVariant::batch_norm_parts), Padding::same, Initializer::truncated_normal(0.05));
  check(placement_model(PlacementVariant::before, {}), Padding::same, glorot);
  check(speedup_model(SpeedupVariant::batch_norm), Padding::valid, glorot);
  check(dropout_model(DropoutVariant::with_batch_norm), Padding::valid, glorot);
}

}  // namespace
}  // namespace evenkeel
