#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/nn/estimates.h"
#include "tests/nn/layer_examples.h"

// What a layer says of itself, against what it computes.

namespace evenkeel {
namespace {

TEST(LayerTraits, HaveNoiseWhereTheOpsDoAndNowhereElse) {
  const int noisy = for_each_example([](const Example& e) { return e.emits_noise || e.traits().noise; },
                                     [](const Example& e) { EXPECT_EQ(e.traits().noise.has_value(), e.emits_noise); });
  EXPECT_GE(noisy, 5);
}

TEST(LayerTraits, HaveTheMomentsOfTheirNoise) {
  constexpr double kMean = 1.5, kVariance = 4.0 / 3.0;  // of the trial's inputs, moved
  for_each_example([](const Example& e) { return e.emits_noise; },
                   [&](const Example& e) {
                     const NoiseTraits noise = *e.traits().noise;
                     Trial trial(subject_of(e.layer, {{50, 20, 20, 10}}), {.real = DType::float32});
                     for (float& x : trial.input(0).as<float>()) x += static_cast<float>(kMean);
                     trial.run(kTraining);
                     const Estimates of(trial.output());
                     // What 400 positions share is drawn less often.
                     if (noise.per == NoiseTraits::Per::other) return;  // too few draws to see moments
                     const double errors = noise.per == NoiseTraits::Per::channel  ? 100
                                           : noise.per == NoiseTraits::Per::sample ? 5 * std::sqrt(20 * 20 * 10)
                                                                                   : 5;
                     EXPECT_NEAR(of.mean, noise.factor_mean * kMean, errors * of.mean_error + 1e-4);
                     const double variance = noise.factor_mean * noise.factor_mean * kVariance +
                                             noise.factor_variance * (kMean * kMean + kVariance) +
                                             noise.offset_variance + 2 * kMean * noise.covariance;
                     EXPECT_NEAR(of.variance, variance, errors * of.variance_error + 1e-4);
                   });
}

TEST(LayerTraits, SayWhatSharesADrawOfTheNoise) {
  for_each_example([](const Example& e) { return e.traits().noise && e.traits().noise->factor_variance > 0; },
                   [](const Example& e) {
                     using Per = NoiseTraits::Per;
                     const Per per = e.traits().noise->per;
                     Trial trial(subject_of(e.layer, {{3, 6, 5, 4}}));
                     std::ranges::fill(trial.input(0).as<double>(), 1.0);
                     trial.run(kTraining);
                     const Numbers y = trial.output();
                     bool by_channel = true, by_sample = true;
                     for (std::size_t i = 0; i < y.size(); ++i) {
                       by_channel = by_channel && y[i] == y[i / 120 * 120 + i % 4];
                       by_sample = by_sample && y[i] == y[i / 120 * 120];
                     }
                     EXPECT_EQ(by_channel, per == Per::channel || per == Per::sample);
                     EXPECT_EQ(by_sample, per == Per::sample);
                   });
}

}  // namespace
}  // namespace evenkeel
