#include "evenkeel/distributed/cost_model.h"

#include <gtest/gtest.h>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

constexpr NetworkModel kNetwork{.latency = 10e-6, .bandwidth = 1e9};

TEST(NetworkModel, IsReadFromARateAndALatency) {
  EXPECT_DOUBLE_EQ(NetworkModel::of("25Gb").bandwidth, 25e9 / 8);
  EXPECT_DOUBLE_EQ(NetworkModel::of("10GB").bandwidth, 10e9);
  EXPECT_DOUBLE_EQ(NetworkModel::of("100Gb,2us").latency, 2e-6);
  for (const char* text : {"", "25", "Gb", "-1Gb", "25Gb,", "25Gb,2", "1e999Gb", "25Gb,2us,3"})
    EXPECT_THROW(NetworkModel::of(text), Error) << text;
}

TEST(AllReduce, CostsNothingAlone) { EXPECT_EQ(all_reduce_seconds(kNetwork, 1'000'000, 1), 0); }

TEST(AllReduce, IsAnExchangeOfSmallMessagesAndTwoPassesOfLargeOnes) {
  EXPECT_NEAR(all_reduce_seconds(kNetwork, 8, 4), 2 * 10e-6, 1e-7);
  EXPECT_NEAR(all_reduce_seconds(kNetwork, 1'000'000'000, 4), 2 * 0.75, 1e-3);
  // Hardly more for many processes: each byte passes each link twice.
  EXPECT_LT(all_reduce_seconds(kNetwork, 1'000'000'000, 1024), 2.001);
}

TEST(StepCost, HidesGradientsBehindTheBackwardPass) {
  const std::vector<LocalEvent> hidden = {{.seconds = 0.1},
                                          {.kind = LocalEvent::start_sum, .bytes = 1'000'000},
                                          {.seconds = 0.1},
                                          {.kind = LocalEvent::finish_sums}};
  const StepCost cost = step_cost(hidden, kNetwork, 8);
  EXPECT_DOUBLE_EQ(cost.seconds, 0.2);
  EXPECT_EQ(cost.gradients, 0);
  EXPECT_EQ(cost.limit(kNetwork, 8), "computing");
}

TEST(StepCost, WaitsForGradientsThatComeLast) {
  const std::vector<LocalEvent> late = {
      {.seconds = 0.1}, {.kind = LocalEvent::start_sum, .bytes = 1'000'000'000}, {.kind = LocalEvent::finish_sums}};
  const StepCost cost = step_cost(late, kNetwork, 2);
  EXPECT_NEAR(cost.gradients, 1.0, 0.01);
  EXPECT_EQ(cost.limit(kNetwork, 2), "the bandwidth for gradients");
}

TEST(StepCost, WaitsForEverySumOfStatistics) {
  std::vector<LocalEvent> events;
  for (int i = 0; i < 100; ++i) {
    events.push_back({.seconds = 1e-6});
    events.push_back({.kind = LocalEvent::wait_for_sum, .bytes = 16});
  }
  const StepCost cost = step_cost(events, kNetwork, 16);
  EXPECT_NEAR(cost.statistics, 100 * 4 * 10e-6, 1e-5);
  EXPECT_EQ(cost.limit(kNetwork, 16), "the latency of 100 sums");
  EXPECT_EQ(step_cost(events, kNetwork, 1).statistics, 0);
}

}  // namespace
}  // namespace evenkeel
