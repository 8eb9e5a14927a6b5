#pragma once

#include <cstdint>
#include <optional>

#include "evenkeel/train/schedules/common.h"

namespace evenkeel {

/// base * ((1 - alpha) (1 + cos(pi step / decay_steps)) / 2 + alpha), then base * alpha. Keras's CosineDecay, whose
/// `warmup_target` is our base (Loshchilov & Hutter 2017).
struct CosineSchedule {
  std::optional<std::int64_t> decay_steps = {};  ///< default: the steps of the run, without the warm-up
  double alpha = 0;                              ///< fraction of base at the end
  std::int64_t warmup_steps = 0;
  double initial_learning_rate = 0;

  static constexpr std::string_view kType = "cosine";
  static void describe(Fields<CosineSchedule>&);
  bool operator==(const CosineSchedule&) const = default;
};

double rate_of(const CosineSchedule& schedule, double base, const SchedulePosition& at);

}  // namespace evenkeel
