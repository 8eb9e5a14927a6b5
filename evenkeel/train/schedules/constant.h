#pragma once

#include <cstdint>

#include "evenkeel/train/schedules/common.h"

namespace evenkeel {

/// The learning rate is base.
struct ConstantSchedule {
  std::int64_t warmup_steps = 0;
  double initial_learning_rate = 0;

  static constexpr std::string_view kType = "constant";
  static void describe(Fields<ConstantSchedule>&);
  bool operator==(const ConstantSchedule&) const = default;
};

double rate_of(const ConstantSchedule& schedule, double base, const SchedulePosition& at);

}  // namespace evenkeel
