#include "evenkeel/nn/initializer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "evenkeel/nn/compile.h"

namespace evenkeel {
namespace {

template <class T = float>
std::vector<T> drawn(const Initializer& initializer, const Shape& shape, RandomKey key = {.seed = 3},
                     const Threads& threads = Threads(1)) {
  std::vector<T> values(static_cast<std::size_t>(shape.size()), T{-7});
  initializer.fill(reinterpret_cast<std::byte*>(values.data()), shape, kDTypeOf<T>, key, threads);
  return values;
}

double mean_of(const std::vector<float>& values) {
  double sum = 0;
  for (const float v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

double variance_of(const std::vector<float>& values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const float v : values) sum += (v - mean) * (v - mean);
  return sum / static_cast<double>(values.size());
}

double largest(const std::vector<float>& values) {
  return std::fabs(*std::ranges::max_element(values, {}, [](float v) { return std::fabs(v); }));
}

TEST(Initializer, FillsWithAConstant) {
  EXPECT_EQ(drawn(Initializer::zeros(), {3}), std::vector<float>(3, 0.0f));
  EXPECT_EQ(drawn(Initializer::ones(), {3}), std::vector<float>(3, 1.0f));
  EXPECT_EQ(drawn(Initializer::constant(0.1), {3}), std::vector<float>(3, 0.1f));
}

// The variance of n draws is off by less than 5 deviations, sqrt(2 / n) of it or less for these distributions.
constexpr double kTolerance = 0.02;  // n = 150,000

TEST(GlorotUniform, FillsItsBoundsEvenly) {
  const double limit = std::sqrt(6.0 / (300 + 500));
  const auto values = drawn(Initializer::glorot_uniform(), {300, 500});
  EXPECT_LE(largest(values), limit);
  EXPECT_GT(largest(values), 0.999 * limit);
  EXPECT_NEAR(mean_of(values), 0.0, 0.02 * limit);
  EXPECT_NEAR(variance_of(values) / (limit * limit / 3), 1.0, kTolerance);
}

TEST(GlorotUniform, CountsTheWindowOfAConvolutionInBothFans) {
  const auto values = drawn(Initializer::glorot_uniform(), {3, 5, 40, 250});
  const double limit = std::sqrt(6.0 / (15 * 40 + 15 * 250));
  EXPECT_LE(largest(values), limit);
  EXPECT_NEAR(variance_of(values) / (limit * limit / 3), 1.0, kTolerance);
}

TEST(HeNormal, HasTwoOverFanInAsItsVarianceAfterTruncation) {
  const auto values = drawn(Initializer::he_normal(), {3, 5, 40, 250});
  EXPECT_NEAR(mean_of(values), 0.0, 0.02 * std::sqrt(2.0 / 600));
  EXPECT_NEAR(variance_of(values) / (2.0 / 600), 1.0, kTolerance);
  EXPECT_LE(largest(values), 2 * std::sqrt(2.0 / 600) / 0.8796);
}

TEST(TruncatedNormal, EndsAtTwoDeviations) {
  const auto values = drawn(Initializer::truncated_normal(0.05), {300, 500});
  EXPECT_LE(largest(values), 0.1);
  EXPECT_GT(largest(values), 0.099);
  EXPECT_NEAR(variance_of(values) / (0.05 * 0.05 * 0.7737), 1.0, kTolerance);
}

TEST(Initializer, DrawsTheSameInBothPrecisions) {
  for (const Initializer& initializer : {Initializer::glorot_uniform(), Initializer::he_normal()}) {
    const auto single = drawn<float>(initializer, {30, 7});
    const auto exact = drawn<double>(initializer, {30, 7});
    for (std::size_t i = 0; i < single.size(); ++i) EXPECT_EQ(single[i], static_cast<float>(exact[i]));
  }
}

TEST(Initializer, DrawsTheSameForAnyNumberOfThreads) {
  for (const Initializer& initializer : {Initializer::glorot_uniform(), Initializer::truncated_normal()})
    EXPECT_EQ(drawn(initializer, {300, 301}, {.seed = 3}, Threads(1)),
              drawn(initializer, {300, 301}, {.seed = 3}, Threads(4)));
}

TEST(Initializer, DrawsOtherValuesForAnotherSeedOrTensor) {
  const auto values = drawn(Initializer::glorot_uniform(), {4, 4}, {.seed = 3, .index = 0});
  EXPECT_NE(values, drawn(Initializer::glorot_uniform(), {4, 4}, {.seed = 4, .index = 0}));
  EXPECT_NE(values, drawn(Initializer::glorot_uniform(), {4, 4}, {.seed = 3, .index = 1}));
}

TEST(Initializer, ReadsBackAsItIsWritten) {
  for (const Initializer& initializer :
       {Initializer::zeros(), Initializer::ones(), Initializer::constant(0), Initializer::constant(-0.25),
        Initializer::glorot_uniform(), Initializer::he_normal(), Initializer::truncated_normal(),
        Initializer::truncated_normal(0.1)}) {
    Initializer read = Initializer::ones();
    EXPECT_TRUE(convert(FieldValue(to_string(initializer)), read)) << to_string(initializer);
    EXPECT_EQ(read, initializer) << to_string(initializer);
  }
}

TEST(Initializer, RefusesWhatItCannotRead) {
  Initializer read;
  for (const std::string text : {"", "glorot", "constant(", "constant()", "constant(x)", "constant(1", "constant(inf)",
                                 "zeros(1)", "glorot_uniform(2)", "constant(1)2"})
    EXPECT_FALSE(convert(FieldValue(text), read)) << text;
  EXPECT_FALSE(convert(FieldValue(1.0), read));
}

TEST(InitializeWeights, GivesEachTensorValuesOfItsOwn) {
  Sequential model({5});
  model.add(Dense{.units = 5, .use_bias = false}, Dense{.units = 5, .use_bias = false}, BatchNormalization{});
  const CompiledModel compiled = compile(model, {.batch_size = 1});
  Store store;
  store.fit(*compiled.program);
  initialize_weights(compiled.weights, 0, store);
  const auto first = store.parameters.values<float>("dense/kernel");
  const auto second = store.parameters.values<float>("dense_1/kernel");
  EXPECT_FALSE(std::ranges::equal(first, second));
  EXPECT_EQ(store.parameters.values<float>("batch_normalization/gamma")[0], 1.0f);
  EXPECT_EQ(store.state.values<float>("batch_normalization/moving_mean")[0], 0.0f);
  EXPECT_EQ(store.state.values<float>("batch_normalization/moving_variance")[0], 1.0f);
}

}  // namespace
}  // namespace evenkeel
