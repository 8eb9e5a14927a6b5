#include "evenkeel/train/schedules/cosine.h"

#include <algorithm>

namespace evenkeel {

void CosineSchedule::describe(Fields<CosineSchedule>& fields) {
  fields
      .add("decay_steps", &CosineSchedule::decay_steps, "steps of the whole decay, by default the rest of the run",
           kAtLeastOne)
      .add("alpha", &CosineSchedule::alpha, "fraction of the learning rate at the end", kUnit);
  describe_warmup(fields);
}

double rate_of(const CosineSchedule& schedule, double base, const SchedulePosition& at) {
  const double steps = schedule.decay_steps ? static_cast<double>(*schedule.decay_steps) : at.total;
  if (steps < 1) throw needs_total(CosineSchedule::kType);
  return base * ((1 - schedule.alpha) * half_cosine(std::min(at.step, steps) / steps) + schedule.alpha);
}

}  // namespace evenkeel
