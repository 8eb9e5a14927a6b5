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

TEST(BadNumbers, NameVariancesBelowZero) {
  const auto trainer = trained(small_convnet(), 20);
  change(trainer->network(), "norm_2/moving_variance", [](auto values) { values[1] = -0.5f; });
  EXPECT_EQ(summaries_of(judged(bad_numbers, trainer->network())), Summaries{"bad-variance error norm_2"});
}

TEST(BadNumbers, MentionVariancesOfZero) {
  const auto trainer = trained(small_mlp(), 20);
  change(trainer->network(), "norm_2/moving_variance", [](auto values) { values[1] = 0; });
  EXPECT_EQ(summaries_of(judged(bad_numbers, trainer->network())), Summaries{"bad-variance info norm_2"});
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
  for (const float gamma : {5e3f, 1e-38f}) {
    const auto trainer = trained(small_convnet(), 20);
    change(trainer->network(), "norm_1/gamma", [&](auto values) { values[0] = gamma; });
    EXPECT_EQ(summaries_of(judged(bad_numbers, trainer->network())), Summaries{"extreme-gamma warning norm_1"});
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
