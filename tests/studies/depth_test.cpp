#include "evenkeel/studies/depth.h"

#include <gtest/gtest.h>

#include "evenkeel/nn/compile.h"
#include "tests/studies/study_test.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

Shape output_of(const Model& model, const std::string& layer) {
  const CompiledModel compiled = compile(model, {.batch_size = 1, .compute = {.fuse = false}});
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

const StudySettings kFourLayers{.sweep = StudySweep{.name = "depth", .values = {4}}};

DepthStudy::Options small_options() {
  return {.steps = 52, .batch_size = 20, .validation_size = 100, .single_images = 10, .late_gradients = 50};
}

DepthStudy small_study(std::int64_t steps = 52) {
  DepthStudy::Options options = small_options();
  options.steps = steps;
  return DepthStudy(kFourLayers, {.train = make_strokes(false, 300), .test = make_strokes(true, 50)}, options);
}

TEST(DepthStudy, MeasuresValidationEveryHundredBatchesAndTheBatchAtOtherTwentyFives) {
  const DepthStudy study = small_study();
  Watcher watcher;
  const StudyResult result = run_study(study, kFourLayers, {}, one_thread(), watcher);
  for (const StudyVariant& variant : result.variants) {
    ASSERT_EQ(variant.runs.size(), 1u);
    EXPECT_EQ(variant.runs[0].find_curve("validation_accuracy")->x, std::vector<double>({0}));
    EXPECT_EQ(variant.runs[0].find_curve("batch_accuracy")->x, std::vector<double>({25, 50}));
  }
}

TEST(DepthStudy, LooksAtGradientsAndDeadUnitsOfEachLayer) {
  const DepthStudy study = small_study();
  Watcher watcher;
  const StudyResult result = run_study(study, kFourLayers, {}, one_thread(), watcher);
  for (const StudyVariant& variant : result.variants) {
    for (const char* name : {"gradient_norm_step_0", "gradient_norm_step_50"}) {
      const Profile* profile = variant.runs[0].find_profile(name);
      ASSERT_NE(profile, nullptr) << name;
      EXPECT_GE(profile->layers.size(), 6u);  // four convolutions, two dense layers
    }
    EXPECT_NE(variant.runs[0].find_profile("dead_units"), nullptr);
  }
}

TEST(DepthStudy, LooksAtTheFirstGradientsBeforeAnyUpdate) {
  // A learning rate changes what an update does, and so the gradients after it, but not those in front of it.
  const StudyData data{.train = make_strokes(false, 300), .test = make_strokes(true, 50)};
  const auto gradients = [&](double learning_rate, const char* name) {
    DepthStudy::Options options = small_options();
    options.learning_rate = learning_rate;
    options.late_gradients = 1;
    const DepthStudy study(kFourLayers, data, options);
    Watcher watcher;
    return run_study(study, kFourLayers, data, one_thread(), watcher).variants[1].runs[0].find_profile(name)->values;
  };
  EXPECT_EQ(gradients(0.002, "gradient_norm_step_0"), gradients(0.1, "gradient_norm_step_0"));
  EXPECT_NE(gradients(0.002, "gradient_norm_step_1"), gradients(0.1, "gradient_norm_step_1"));
}

TEST(DepthStudy, LookingDoesNotChangeWhatIsTrained) {
  Watcher watcher;
  DepthStudy::Options options = small_options();
  const StudyData data{.train = make_strokes(false, 300), .test = make_strokes(true, 50)};
  const auto loss = [&](std::uint64_t late) {
    options.late_gradients = late;
    const DepthStudy study(kFourLayers, data, options);
    return run_study(study, kFourLayers, data, one_thread(), watcher).variants[1].runs[0].figures.at("test_loss");
  };
  EXPECT_EQ(loss(10), loss(1000));
}

TEST(DepthStudy, ValidatesOnTheFirstOfTheTrainingSplitAndRefusesASetThatIsNoLarger) {
  const StudyData data{.train = make_strokes(false, 100), .test = make_strokes(true, 10)};
  EXPECT_SAYS(error_of([&] { DepthStudy(kFourLayers, data, small_options()); }), "more than 100 training samples");
}

TEST(DepthStudy, RefusesADepthThatIsNoCount) {
  const StudyData data{.train = make_strokes(false, 300), .test = make_strokes(true, 10)};
  for (const double depth : {0.0, 2.5, 1e6})
    EXPECT_SAYS(error_of([&] {
                  DepthStudy({.sweep = StudySweep{"depth", {depth}}}, data, small_options());
                }),
                "a number of convolutions");
}

TEST(DepthStudy, ANetworkHasTrainedThoughItsStatisticsLag) {
  const StudyData data{.train = make_strokes(false, 300), .test = make_strokes(true, 10)};
  const DepthStudy study({}, data, small_options());
  StudyResult result = made_result(study, "test_accuracy", {{0.1}, {0.3}});
  add_reestimated(result, "batch_norm", "test_accuracy", {0.95});
  EXPECT_SAYS(study.answer(result), "`batch_norm` trained (test accuracy 0.300; 0.950 with re-estimated statistics)");
}

TEST(DepthStudy, SaysHowManyRunsTrained) {
  const StudyData data{.train = make_strokes(false, 300), .test = make_strokes(true, 10)};
  const DepthStudy study({}, data, small_options());
  const std::string one = study.answer(made_result(study, "test_accuracy", {{0.1, 0.11}, {0.97, 0.3}}));
  EXPECT_SAYS(one, "`plain` did not train in any of 2 runs (test accuracy 0.105 ± 0.007)");
  EXPECT_SAYS(one, "`batch_norm` trained in 1 of 2 runs");
  EXPECT_SAYS(study.answer(made_result(study, "test_accuracy", {{0.8, 0.11}, {0.97, 0.9}})),
              "`batch_norm` trained in all 2 runs");
  EXPECT_SAYS(study.answer(made_result(study, "test_accuracy", {{0.089}, {0.97}})),
              "`plain` did not train (test accuracy 0.089); `batch_norm` trained (test accuracy 0.970)");
}

}  // namespace
}  // namespace evenkeel
