#include "evenkeel/studies/depth.h"

#include <gtest/gtest.h>

#include "evenkeel/base/error.h"
#include "evenkeel/data/strokes.h"
#include "evenkeel/nn/compile.h"

namespace evenkeel {
namespace {

Shape output_of(const Model& model, const std::string& layer) {
  const CompiledModel compiled = compile(model, {.batch_size = 1, .fuse = false});
  return compiled.program->find(layer + "/output").shape().without_first();
}

TEST(DepthModel, ShrinksAtEveryThirdConvolutionAndGrowsByFourFilters) {
  const Model model = depth_model(DepthVariant::batch_norm);
  EXPECT_EQ(output_of(model, "conv2d"), Shape({28, 28, 4}));
  EXPECT_EQ(output_of(model, "conv2d_2"), Shape({14, 14, 12}));
  EXPECT_EQ(output_of(model, "conv2d_18"), Shape({1, 1, 76}));
  EXPECT_EQ(output_of(model, "dense_1"), Shape({10}));
}

TEST(DepthModel, NormalizesTwentyTimesOrNever) {
  const auto count = [](DepthVariant variant, std::string_view type) {
    int n = 0;
    const Model model = depth_model(variant);
    for (const auto& node : model.nodes()) n += node.layer.type() == type;
    return n;
  };
  EXPECT_EQ(count(DepthVariant::plain, "BatchNormalization"), 0);
  EXPECT_EQ(count(DepthVariant::batch_norm, "BatchNormalization"), 20);
  EXPECT_EQ(count(DepthVariant::batch_norm_parts, "BatchNormalizationFromParts"), 20);
}

TEST(DepthModel, FeedsUnbiasedVariancesBehindConvolutionsOnly) {
  const Model model = depth_model(DepthVariant::batch_norm);
  std::vector<bool> unbiased;
  for (const auto& node : model.nodes())
    if (const auto* bn = node.layer.as<BatchNormalization>()) unbiased.push_back(bn->unbiased_moving_variance);
  ASSERT_EQ(unbiased.size(), 20u);
  for (std::size_t i = 0; i < 19; ++i) EXPECT_TRUE(unbiased[i]);
  EXPECT_FALSE(unbiased[19]);
}

TEST(DepthModel, HasBiasesOnlyWhereNothingNormalizes) {
  for (const auto& [variant, expected] : {std::pair{DepthVariant::plain, 21}, {DepthVariant::batch_norm, 1}}) {
    int biases = 0;
    const auto weights = weights_of(depth_model(variant));
    for (const WeightInfo& weight : weights) biases += weight.name.ends_with("/bias");
    EXPECT_EQ(biases, expected);
  }
}

class Recorder : public StudyObserver {
 public:
  void point(const StudyPoint& p) override { points.push_back(p); }
  std::vector<StudyPoint> points;
};

DepthData small_data() {
  const Dataset train = make_strokes(false, 300);
  return {.train = train.range(100, 300), .validation = train.range(0, 100), .test = make_strokes(true, 50)};
}

DepthOptions small_options() {
  DepthOptions options;
  options.layers = 4;
  options.steps = 52;
  options.batch_size = 20;
  options.single_images = 10;
  return options;
}

TEST(RunDepth, MeasuresValidationEveryHundredBatchesAndTheBatchAtOtherTwentyFives) {
  Recorder recorder;
  run_depth(small_options(), small_data(), recorder);
  ASSERT_EQ(recorder.points.size(), 9u);  // batches 0, 25, 50 of three variants
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_EQ(recorder.points[i].batch, static_cast<std::int64_t>(i % 3 * 25));
    EXPECT_EQ(recorder.points[i].on_validation, i % 3 == 0);
    EXPECT_EQ(recorder.points[i].metrics.samples, i % 3 == 0 ? 100 : 20);
  }
}

TEST(RunDepth, ReturnsOneRunPerVariantAndSeed) {
  DepthOptions options = small_options();
  options.steps = 3;
  options.seeds = {0, 1};
  StudyObserver silent;
  const StudyResult result = run_depth(options, small_data(), silent);
  ASSERT_EQ(result.variants.size(), 3u);
  EXPECT_EQ(result.variants[0].name, "plain");
  EXPECT_EQ(result.variants[1].name, "batch_norm");
  EXPECT_EQ(result.variants[2].name, "batch_norm_parts");
  for (const StudyVariant& variant : result.variants) {
    ASSERT_EQ(variant.runs.size(), 2u);
    EXPECT_EQ(variant.runs[1].seed, 1u);
  }
}

TEST(RunDepth, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  StudyObserver silent;
  EXPECT_TRUE(run_depth(small_options(), small_data(), silent, stop.get_token()).variants.empty());
}

TEST(SplitForDepth, ValidatesOnTheFirstFiveThousand) {
  const DepthData data = split_for_depth(make_strokes(false, 5100), make_strokes(true, 10));
  EXPECT_EQ(data.validation.size(), 5000);
  EXPECT_EQ(data.train.size(), 100);
}

TEST(SplitForDepth, RefusesASetThatIsTooSmall) {
  EXPECT_THROW(split_for_depth(make_strokes(false, 5000), make_strokes(true, 10)), Error);
}

TEST(Median, IsTheMiddleOrTheMeanOfTheTwoMiddleOnes) {
  StudyVariant variant;
  for (double accuracy : {0.9, 0.1, 0.5}) {
    StudyRun run;
    run.test_accuracy = accuracy;
    variant.runs.push_back(run);
  }
  EXPECT_EQ(median(variant, &StudyRun::test_accuracy), 0.5);
  variant.runs.push_back(variant.runs[0]);
  EXPECT_DOUBLE_EQ(median(variant, &StudyRun::test_accuracy), 0.7);
}

}  // namespace
}  // namespace evenkeel
