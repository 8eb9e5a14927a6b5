#pragma once

#include <cmath>
#include <numbers>

#include "evenkeel/base/error.h"
#include "evenkeel/config/fields.h"

// What schedules have in common: each may begin with a linear warm-up, as Keras's CosineDecay. In `warmup_steps` steps
// the rate goes from `initial_learning_rate` to the schedule's first rate; the schedule counts its own steps from
// there. `base` is the optimizer's learning rate.

namespace evenkeel {

/// Describes the fields of the warm-up, after a schedule's own fields.
template <class T>
void describe_warmup(Fields<T>& fields) {
  fields.add("warmup_steps", &T::warmup_steps, "steps of linear warm-up before the schedule", kNotNegative)
      .add("initial_learning_rate", &T::initial_learning_rate, "where warm-up begins", kNotNegative);
}

/// A schedule's position in its run, both counted without the warm-up.
struct SchedulePosition {
  double step = 0;
  double total = 0;  ///< steps of the run; 0: not known
};

/// From 1 to 0 along half a cosine.
inline double half_cosine(double fraction) { return (1 + std::cos(std::numbers::pi * fraction)) / 2; }

/// The error of a schedule that needs the length of the run.
inline Error needs_total(std::string_view schedule) {
  return Error{{.where = '"' + std::string(schedule) + '"',
                .expected = "a run of known length, longer than its warm-up",
                .received = "none",
                .hint = "Train longer, or lower warmup_steps."}};
}

}  // namespace evenkeel
