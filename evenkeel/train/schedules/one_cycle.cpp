#include "evenkeel/train/schedules/one_cycle.h"

#include <algorithm>

namespace evenkeel {

void OneCycleSchedule::describe(Fields<OneCycleSchedule>& fields) {
  fields.add("max_learning_rate", &OneCycleSchedule::max_learning_rate, "the peak; default learning_rate", kPositive)
      .add("pct_start", &OneCycleSchedule::pct_start, "fraction of the run before the peak", kUnit)
      .add("div_factor", &OneCycleSchedule::div_factor, "peak divided by the first rate", kPositive)
      .add("final_div_factor", &OneCycleSchedule::final_div_factor, "first rate divided by the last", kPositive);
  describe_warmup(fields);
}

double rate_of(const OneCycleSchedule& schedule, double base, const SchedulePosition& at) {
  if (at.total < 1) throw needs_total(OneCycleSchedule::kType);
  const double largest = schedule.max_learning_rate.value_or(base);
  const double first = largest / schedule.div_factor, last = first / schedule.final_div_factor;
  const double peak = schedule.pct_start * at.total - 1, end = at.total - 1, step = std::min(at.step, end);
  const auto between = [](double from, double to, double fraction) { return to + (from - to) * half_cosine(fraction); };
  if (step <= peak) return between(first, largest, peak > 0 ? step / peak : 1);
  return between(largest, last, end > peak ? (step - peak) / (end - peak) : 1);
}

}  // namespace evenkeel
