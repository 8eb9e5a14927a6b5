#include "evenkeel/train/schedules.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "evenkeel/base/error.h"
#include "evenkeel/train/settings.h"

namespace evenkeel {
namespace {

using Json = nlohmann::json;

FieldValue field_value_of(const Json& value) {
  if (value.is_array()) return value.get<std::vector<std::int64_t>>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  return value.get<std::string>();
}

/// What Keras and PyTorch compute (tools/golden/make_schedules.py).
TEST(Schedules, AreThoseOfKerasAndPyTorch) {
  std::ifstream file(EVENKEEL_SOURCE_DIR "/tests/golden/schedules.json");
  const Json cases = Json::parse(file);
  EXPECT_GE(cases.size(), 14u);
  for (const Json& golden : cases) {
    SCOPED_TRACE(golden.at("training").dump());
    Settings settings;
    for (const auto& [key, value] : golden.at("training").items()) settings.set({key, field_value_of(value)});
    const Schedule schedule = schedule_of(settings);
    std::uint64_t step = 0;
    for (const double expected : golden.at("learning_rates")) {
      EXPECT_NEAR(learning_rate_at(schedule, *settings.get<double>("learning_rate"), step, golden.at("total_steps")),
                  expected, 1e-7 * expected)
          << "step " << step;
      ++step;
    }
  }
}

TEST(Schedules, ThatNameTheirStepsNeedNoTotal) {
  EXPECT_EQ(learning_rate_at(CosineSchedule{.decay_steps = 10, .alpha = 0.5}, 2, 10, 0), 1);
}

TEST(Schedules, ThatNeedTheTotalRefuseARunOfUnknownLength) {
  EXPECT_THROW(learning_rate_at(CosineSchedule{}, 1, 0, 0), Error);
  EXPECT_THROW(learning_rate_at(OneCycleSchedule{}, 1, 0, 0), Error);
}

TEST(Schedules, StayAtTheirEndBehindIt) {
  for (const Schedule& schedule : {Schedule(CosineSchedule{.alpha = 0.25}), Schedule(OneCycleSchedule{})})
    EXPECT_EQ(learning_rate_at(schedule, 1, 1000, 100), learning_rate_at(schedule, 1, 100, 100));
}

TEST(Schedules, CountTheirStepsFromTheEndOfTheWarmUp) {
  const StepSchedule late{.decay_rate = 0.5, .decay_steps = 10, .warmup_steps = 4};
  EXPECT_EQ(learning_rate_at(late, 1, 13, 0), 1);
  EXPECT_EQ(learning_rate_at(late, 1, 14, 0), 0.5);
}

TEST(Schedules, WarmUpToTheFirstRateOfACycle) {
  const OneCycleSchedule cycle{.warmup_steps = 10};
  EXPECT_NEAR(learning_rate_at(cycle, 1, 5, 100), 0.02, 1e-15);
  EXPECT_NEAR(learning_rate_at(cycle, 1, 10, 100), 0.04, 1e-15);
}

TEST(Schedules, RefuseOptionsThatDoNotGoTogether) {
  EXPECT_THROW(check(StepSchedule{}), Error) << "nothing says when";
  EXPECT_THROW(check(StepSchedule{.decay_steps = 3, .boundaries = std::vector<std::int64_t>{5}}), Error) << "both";
  EXPECT_THROW(check(StepSchedule{.boundaries = std::vector<std::int64_t>{5, 5}}), Error) << "not increasing";
  EXPECT_THROW(check(CosineSchedule{.decay_steps = 0}), Error) << "out of range";
}

TEST(Schedules, RefuseAnUnknownName) { EXPECT_THROW(schedule_named("cosin"), Error); }

}  // namespace
}  // namespace evenkeel
