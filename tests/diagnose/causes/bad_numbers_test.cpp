#include <cmath>
#include <limits>

#include "tests/diagnose/causes/judged.h"

namespace evenkeel {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

TEST(BadNumbers, AreAnErrorWhereTheyAreNoNumbers) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model, 20);
    change(trainer->network(), "norm_1/gamma", [](auto values) { values[3] = kNaN; });
    const auto findings = judged(bad_numbers, trainer->network());
    ASSERT_EQ(summaries_of(findings), Summaries{"not-finite error norm_1"}) << model.name();
    EXPECT_SAYS(findings[0].cause, "first: 3");
  }
}

/// Every architecture with a normalization of each way to write it.
std::vector<Sequential> normalized_models() {
  std::vector<Sequential> models = small_models();
  Sequential parts({28, 28, 1}, "parts");
  parts.add(Rescaling{.scale = 1 / 255.0}, Conv2D{.filters = 6, .strides = 2, .use_bias = false, .name = "conv_1"},
            BatchNormalizationFromParts{.momentum = 0.9f, .name = "norm_1"}, Activation{relu}, MaxPooling2D{},
            Flatten{}, Dense{.units = 20, .use_bias = false, .name = "dense_1"},
            BatchNormalization{.momentum = 0.9, .name = "norm_2"}, Activation{relu}, Dense{.units = 10});
  models.push_back(std::move(parts));
  return models;
}

void set_variance(Network& network, const std::string& layer, std::size_t channel, float value) {
  change(network, layer + "/moving_variance", [&](auto values) { values[channel] = value; });
}

TEST(BadNumbers, NameVariancesThatEpsilonDoesNotMakeUpFor) {
  for (const Sequential& model : normalized_models()) {
    const auto trainer = trained(model);
    const double before = trainer->evaluate(small_data().test).metrics.accuracy.value();
    set_variance(trainer->network(), "norm_2", 1, -5e-2f);
    const Diagnosis diagnosis = diagnosed(trainer->network());
    const Finding* bad = finding_of(diagnosis, "bad-variance");
    ASSERT_TRUE(bad) << told(diagnosis);
    EXPECT_EQ(summary_of(*bad), "bad-variance error norm_2");
    EXPECT_SAYS(bad->cause, "no result (NaN)");
    // One finding, and the same as `evaluate`: no result, and what the advice brings is what it was.
    EXPECT_FALSE(finding_of(diagnosis, "stale-statistics")) << told(diagnosis);
    EXPECT_TRUE(std::isnan(diagnosis.cells.evaluation.loss.value));
    EXPECT_TRUE(std::isnan(trainer->evaluate(small_data().test).metrics.loss));
    EXPECT_EQ(diagnosis.cells.evaluation.accuracy->value, trainer->evaluate(small_data().test).metrics.accuracy);
    const auto outlook = std::ranges::find_if(
        bad->evidence, [](const Fact& fact) { return fact.what.starts_with("accuracy in evaluation, with"); });
    ASSERT_NE(outlook, bad->evidence.end());
    EXPECT_NEAR(outlook->value, before, 0.02) << model.name();
    reestimate_statistics(trainer->network(), small_data().train);
    EXPECT_NEAR(trainer->evaluate(small_data().test).metrics.accuracy.value(), before, 0.02) << model.name();
  }
}

TEST(BadNumbers, OnlyMentionVariancesBelowZeroThatCostNothing) {
  for (const Sequential& model : normalized_models()) {
    if (model.name() == "small_mlp") continue;  // its normalizations read an elu, whose constant is not 0
    const auto trainer = trained(model);
    Network& network = trainer->network();
    // A channel that is always 0: nothing but epsilon ever divided there.
    change(network, "conv_1/kernel", [&](std::span<float> values) {
      const auto filters = static_cast<std::size_t>(network.weight("conv_1/kernel").shape.back());
      for (std::size_t i = 1; i < values.size(); i += filters) values[i] = 0;
    });
    change(network, "norm_1/moving_mean", [](auto values) { values[1] = 0; });
    set_variance(network, "norm_1", 1, 0);
    const double before = trainer->evaluate(small_data().test).metrics.loss;
    set_variance(network, "norm_1", 1, -1e-5f);
    EXPECT_EQ(trainer->evaluate(small_data().test).metrics.loss, before) << model.name();
    EXPECT_EQ(summaries_of(judged(bad_numbers, network)), Summaries{"bad-variance info norm_1"}) << model.name();
    const Diagnosis diagnosis = diagnosed(network);
    const Finding* bad = finding_of(diagnosis, "bad-variance");
    ASSERT_TRUE(bad) << told(diagnosis);
    EXPECT_NEAR(bad->cost->loss.value, 0, 1e-6);
    EXPECT_FALSE(diagnosis.cells.verdict.starts_with("Evaluation has no result")) << diagnosis.cells.verdict;
  }
}

TEST(BadNumbers, MeasureWhatAVarianceOfZeroCosts) {
  for (const Sequential& model : normalized_models()) {
    const auto trainer = trained(model);
    set_variance(trainer->network(), "norm_2", 1, 0);
    const Diagnosis diagnosis = diagnosed(trainer->network());
    const Finding* zero = finding_of(diagnosis, "bad-variance");
    ASSERT_TRUE(zero) << told(diagnosis);
    ASSERT_TRUE(zero->cost);
    EXPECT_EQ(zero->severity, matters(*zero->cost) ? Severity::error : Severity::info);
    EXPECT_GT(zero->cost->loss.value, 0) << model.name();
    EXPECT_FALSE(finding_of(diagnosis, "stale-statistics")) << told(diagnosis);
  }
}

TEST(BadNumbers, AreNoneWhereAChannelIsConstantInTheDataToo) {
  const auto trainer = trained(small_convnet(), 20);
  change(trainer->network(), "conv_2/kernel", [](std::span<float> values) {
    for (std::size_t i = 1; i < values.size(); i += 12) values[i] = 0;
  });
  change(trainer->network(), "norm_2/moving_variance", [](auto values) { values[1] = 0; });
  EXPECT_EQ(summaries_of(judged(bad_numbers, trainer->network())), Summaries());
}

TEST(BadNumbers, WarnOfScalesThatAreHugeOrDenormal) {
  for (const auto& [gamma, severity] : {std::pair{5e3f, "error"}, {1e-38f, "warning"}}) {
    const auto trainer = trained(small_convnet(), 20);
    change(trainer->network(), "norm_1/gamma", [&, to = gamma](auto values) { values[0] = to; });
    EXPECT_EQ(summaries_of(judged(bad_numbers, trainer->network())),
              Summaries{"extreme-gamma " + std::string(severity) + " norm_1"});
  }
}

TEST(BadNumbers, MeasureWhatAHugeScaleCostsAndExplainGuessingByIt) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    change(trainer->network(), "norm_1/gamma", [](auto values) { values[1] = 1e5f; });
    const Diagnosis d = diagnosed(trainer->network());
    const Finding* found = finding_of(d, "extreme-gamma");
    ASSERT_TRUE(found) << told(d);
    EXPECT_EQ(found->severity, Severity::error) << told(d);
    ASSERT_TRUE(found->cost);
    EXPECT_GT(found->cost->loss.value, 1);
    const Finding* guessing = finding_of(d, "near-guessing");
    EXPECT_TRUE(!guessing || guessing->consequence_of == "extreme-gamma") << told(d);
    EXPECT_EQ(trainer->network().weight("norm_1/gamma").as<float>()[1], 1e5f) << "left as it was";
  }
}

TEST(BadNumbers, AreNoneInAHealthyNetwork) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model, 20);
    EXPECT_EQ(summaries_of(judged(bad_numbers, trainer->network())), Summaries()) << model.name();
  }
}

TEST(BadNumbers, DoNotKeepOtherRulesFromMeasuring) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    Network& network = trainer->network();
    change(network, "norm_1/gamma", [](auto values) { values[0] = kNaN; });
    change(network, "norm_2/moving_mean", [](auto values) { std::ranges::fill(values, 0.0f); });
    change(network, "norm_2/moving_variance", [](auto values) { std::ranges::fill(values, 1.0f); });
    const Diagnosis diagnosis = diagnosed(network);
    ASSERT_TRUE(finding_of(diagnosis, "not-finite")) << model.name();
    const Finding* never = finding_of(diagnosis, "never-updated");
    ASSERT_TRUE(never) << model.name();
    EXPECT_EQ(never->layers, std::vector<std::string>{"norm_2"});
    EXPECT_TRUE(std::isfinite(never->cost->loss.value));
    EXPECT_TRUE(std::isfinite(diagnosis.cells.training.loss.value));
  }
}

}  // namespace
}  // namespace evenkeel
