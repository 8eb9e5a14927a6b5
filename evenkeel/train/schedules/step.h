#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "evenkeel/train/schedules/common.h"

namespace evenkeel {

/// base * decay_rate^n. With `decay_steps`, n = step / decay_steps (Keras's ExponentialDecay with staircase); with
/// `boundaries`, n is the number of boundaries below the step (Keras's PiecewiseConstantDecay). One of the two must be
/// given.
struct StepSchedule {
  double decay_rate = 0.1;
  std::optional<std::int64_t> decay_steps = {};
  std::optional<std::vector<std::int64_t>> boundaries = {};  ///< increasing
  std::int64_t warmup_steps = 0;
  double initial_learning_rate = 0;

  static constexpr std::string_view kType = "step";
  static void describe(Fields<StepSchedule>&);
  void check() const;  ///< throws Error if options do not go together
  bool operator==(const StepSchedule&) const = default;
};

double rate_of(const StepSchedule& schedule, double base, const SchedulePosition& at);

}  // namespace evenkeel
