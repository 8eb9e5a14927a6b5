#include "tests/support/program_check.h"

#include <algorithm>
#include <cmath>

namespace evenkeel {
namespace {

constexpr double kNumericalTolerance = 1e-6;
constexpr double kFloatTolerance = 1e-5;

/// The results of a run.
struct Result {
  std::vector<double> output;
  Values gradients, states;

  static Result of(Trial& trial, const LayerMode& mode) {
    trial.draw();
    trial.run(mode);
    return {trial.output(), trial.gradients(), trial.states()};
  }
};

void expect_same_bits(const Result& actual, const Result& expected) {
  EXPECT_EQ(actual.output, expected.output);
  EXPECT_EQ(actual.gradients, expected.gradients);
  EXPECT_EQ(actual.states, expected.states);
}

void expect_agreement(const Values& actual, const Values& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (const auto& [name, values] : expected) EXPECT_TRUE(agree(actual.at(name), values, kFloatTolerance)) << name;
}

/// The derivative of the objective with respect to x, to the fourth order in the step.
double numerical_derivative(Trial& trial, const LayerMode& mode, double& x) {
  constexpr double kStep = 2e-5;
  const double at = x;
  const auto objective = [&](double steps) {
    x = at + steps * kStep;
    return trial.objective(mode);
  };
  const double derivative = (8 * (objective(1) - objective(-1)) - (objective(2) - objective(-2))) / (12 * kStep);
  x = at;
  return derivative;
}

void check_numerically(Trial& trial, const LayerMode& mode) {
  constexpr std::size_t kMostElements = 60;
  LayerMode still = mode;
  still.update_statistics = false;  // the function must not change while it is measured
  trial.draw();
  trial.run(still);
  for (const auto& [name, gradient] : trial.gradients()) {
    const TensorView variable = trial.variable(name);
    auto* x = const_cast<double*>(variable.as<double>().data());
    double largest = 1e-3;
    for (const double g : gradient) largest = std::max(largest, std::abs(g));
    const std::size_t stride = gradient.size() / kMostElements + 1;
    for (std::size_t i = 0; i < gradient.size(); i += stride)
      EXPECT_NEAR(gradient[i], numerical_derivative(trial, still, x[i]), kNumericalTolerance * largest)
          << "gradient of " << name << ", element " << i;
  }
}

void check_memory(const Subject& subject, const TrialOptions& options, const LayerMode& mode) {
  Trial trial(subject, options);
  const Result first = Result::of(trial, mode);
  {
    SCOPED_TRACE("run again");
    expect_same_bits(Result::of(trial, mode), first);
  }
  trial.poison();
  {
    SCOPED_TRACE("run again in memory full of NaN");
    expect_same_bits(Result::of(trial, mode), first);
  }
  EXPECT_TRUE(trial.padding_is_zero());
  TrialOptions apart = options;
  apart.keep_all = true;
  Trial separate(subject, apart);
  SCOPED_TRACE("run with separate memory for each value");
  expect_same_bits(Result::of(separate, mode), first);
}

}  // namespace

const std::vector<LayerMode>& every_mode() {
  static const std::vector<LayerMode> modes = {LayerMode::of(Mode::train),
                                               LayerMode::of(Mode::evaluate),
                                               {Statistics::supplied, false, true},
                                               {Statistics::moving, true, false}};
  return modes;
}

void check_program(const Subject& subject) {
  for (const bool fuse : {false, true})
    for (const LayerMode& mode : every_mode()) {
      SCOPED_TRACE(testing::Message() << (fuse ? "fused" : "not fused") << ", statistics "
                                      << static_cast<int>(mode.statistics) << ", update " << mode.update_statistics
                                      << ", dropout " << mode.dropout);
      Trial exact(subject, {.real = DType::float64, .fuse = fuse});
      check_numerically(exact, mode);
      Trial fast(subject, {.real = DType::float32, .fuse = fuse});
      const Result expected = Result::of(exact, mode), actual = Result::of(fast, mode);
      EXPECT_TRUE(agree(actual.output, expected.output, kFloatTolerance)) << "output";
      expect_agreement(actual.gradients, expected.gradients);
      expect_agreement(actual.states, expected.states);
      check_memory(subject, {.real = DType::float64, .fuse = fuse}, mode);
      check_memory(subject, {.real = DType::float32, .fuse = fuse}, mode);
    }
}

}  // namespace evenkeel
