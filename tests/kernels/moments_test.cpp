#include "evenkeel/kernels/probe/moments.h"

#include "evenkeel/kernels/probe/moments_reference.h"
#include "tests/kernels/kernel_test.h"

namespace evenkeel::kernels {
namespace {

class AccumulatedMoments : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(AccumulatedMoments);

TEST_P(AccumulatedMoments, OverBatchesAreThoseOfAllRowsTogether) {
  for (const double center : {0.0, 1e4})
    for_sizes_and_threads([&](Size size, const Threads& threads) {
      const std::int64_t batches = 3, rows = size.rows * batches;
      const std::vector<float> x = normal_values(rows * size.columns, 1, center);
      const auto channels = static_cast<std::size_t>(size.columns);
      std::vector<double> mean(channels), m2(channels), expected_mean(channels), expected_m2(channels);
      for (std::int64_t batch = 0; batch < batches; ++batch)
        accumulate_moments({x.data() + batch * size.rows * size.columns, size.rows, size.columns},
                           static_cast<double>(batch * size.rows), mean, m2, threads);
      reference::accumulate_moments<float>({x.data(), rows, size.columns}, 0, expected_mean, expected_m2);
      for (std::size_t c = 0; c < channels; ++c) {
        // What channel_moments promises: 1e-6 sigma, 2e-6 of the variance.
        ASSERT_NEAR(mean[c], expected_mean[c], 1e-6) << c;
        ASSERT_NEAR(m2[c], expected_m2[c], 2e-6 * static_cast<double>(rows)) << c;
      }
    });
}

TEST(AccumulatedMomentsReference, OverBatchesAreThoseOfAllRowsTogether) {
  const std::vector<double> x = in_double(normal_values(5 * 100, 2, 1e4));
  std::vector<double> mean(5), m2(5), expected_mean(5), expected_m2(5);
  reference::accumulate_moments<double>({x.data(), 30, 5}, 0, mean, m2);
  reference::accumulate_moments<double>({x.data() + 150, 70, 5}, 30, mean, m2);
  reference::accumulate_moments<double>({x.data(), 100, 5}, 0, expected_mean, expected_m2);
  for (std::size_t c = 0; c < 5; ++c) {
    EXPECT_NEAR(mean[c], expected_mean[c], 1e-10);
    EXPECT_NEAR(m2[c], expected_m2[c], 1e-8);
  }
}

TEST_P(AccumulatedMoments, ForgetWhatWasThereAtCountZero) {
  const std::vector<float> x{1, 3};
  std::vector<double> mean{99}, m2{99};
  accumulate_moments({x.data(), 2, 1}, 0, mean, m2, Threads(1));
  EXPECT_DOUBLE_EQ(mean[0], 2);
  EXPECT_DOUBLE_EQ(m2[0], 2);
}

}  // namespace
}  // namespace evenkeel::kernels
