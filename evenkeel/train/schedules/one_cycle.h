#pragma once

#include <cstdint>
#include <optional>

#include "evenkeel/train/schedules/common.h"

namespace evenkeel {

/// From max / div_factor up to max in the first `pct_start` of the run, then down to max / div_factor /
/// final_div_factor, both along a cosine. PyTorch's OneCycleLR; the momentum is not cycled (Smith & Topin 2018).
struct OneCycleSchedule {
  std::optional<double> max_learning_rate = {};  ///< default: base
  double pct_start = 0.3;
  double div_factor = 25;
  double final_div_factor = 1e4;
  std::int64_t warmup_steps = 0;
  double initial_learning_rate = 0;

  static constexpr std::string_view kType = "one_cycle";
  static void describe(Fields<OneCycleSchedule>&);
  bool operator==(const OneCycleSchedule&) const = default;
};

double rate_of(const OneCycleSchedule& schedule, double base, const SchedulePosition& at);

}  // namespace evenkeel
