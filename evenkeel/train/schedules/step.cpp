#include "evenkeel/train/schedules/step.h"

#include <algorithm>
#include <functional>

namespace evenkeel {

void StepSchedule::describe(Fields<StepSchedule>& fields) {
  fields.add("decay_rate", &StepSchedule::decay_rate, "factor of the learning rate at each decay", kPositive)
      .add("decay_steps", &StepSchedule::decay_steps, "steps between two decays", kAtLeastOne)
      .add("boundaries", &StepSchedule::boundaries, "steps after which to decay, in place of decay_steps", kNotNegative)
      .at_most_one_of({"decay_steps", "boundaries"});
  describe_warmup(fields);
}

double rate_of(const StepSchedule& schedule, double base, const SchedulePosition& at) {
  double decays = 0;
  if (schedule.boundaries)
    decays = static_cast<double>(std::ranges::count_if(
        *schedule.boundaries, [&](std::int64_t boundary) { return at.step > static_cast<double>(boundary); }));
  else if (schedule.decay_steps)
    decays = std::floor(at.step / static_cast<double>(*schedule.decay_steps));
  return base * std::pow(schedule.decay_rate, decays);
}

void StepSchedule::check() const {
  if (!decay_steps && !boundaries)
    throw Error{{.where = {}, .expected = "decay_steps or boundaries", .received = "neither"}};
  if (boundaries && !std::ranges::is_sorted(*boundaries, std::less_equal<>()))
    throw Error{
        {.where = "\"boundaries\"", .expected = "increasing steps", .received = to_string(field_value(*boundaries))}};
}

}  // namespace evenkeel
