#include "evenkeel/train/schedules.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

namespace evenkeel {
namespace {

/// What all schedules have.
template <class T>
void describe_warmup(Fields<T>& fields) {
  fields.add("warmup_steps", &T::warmup_steps, "steps of linear warm-up before the schedule", kNotNegative)
      .add("initial_learning_rate", &T::initial_learning_rate, "where warm-up begins", kNotNegative);
}

/// Where in its run a schedule is: both behind the warm-up.
struct Position {
  double step = 0;
  double total = 0;  ///< of the run; 0: not known
};

double half_cosine(double fraction) { return (1 + std::cos(std::numbers::pi * fraction)) / 2; }

Error needs_total(std::string_view schedule) {
  return Error{{.where = '"' + std::string(schedule) + '"',
                .expected = "a run of known length, longer than its warm-up",
                .received = "none",
                .hint = "Train longer, or lower warmup_steps."}};
}

double rate(const ConstantSchedule&, double base, const Position&) { return base; }

double rate(const StepSchedule& schedule, double base, const Position& at) {
  double decays = 0;
  if (schedule.boundaries)
    decays = static_cast<double>(std::ranges::count_if(
        *schedule.boundaries, [&](std::int64_t boundary) { return at.step > static_cast<double>(boundary); }));
  else if (schedule.decay_steps)
    decays = std::floor(at.step / static_cast<double>(*schedule.decay_steps));
  return base * std::pow(schedule.decay_rate, decays);
}

double rate(const CosineSchedule& schedule, double base, const Position& at) {
  const double steps = schedule.decay_steps ? static_cast<double>(*schedule.decay_steps) : at.total;
  if (steps < 1) throw needs_total(CosineSchedule::kType);
  return base * ((1 - schedule.alpha) * half_cosine(std::min(at.step, steps) / steps) + schedule.alpha);
}

double rate(const OneCycleSchedule& schedule, double base, const Position& at) {
  if (at.total < 1) throw needs_total(OneCycleSchedule::kType);
  const double largest = schedule.max_learning_rate.value_or(base);
  const double first = largest / schedule.div_factor, last = first / schedule.final_div_factor;
  const double peak = schedule.pct_start * at.total - 1, end = at.total - 1, step = std::min(at.step, end);
  const auto between = [](double from, double to, double fraction) { return to + (from - to) * half_cosine(fraction); };
  if (step <= peak) return between(first, largest, peak > 0 ? step / peak : 1);
  return between(largest, last, end > peak ? (step - peak) / (end - peak) : 1);
}

const std::vector<Schedule>& known_schedules() {
  static const std::vector<Schedule> known = {ConstantSchedule{}, StepSchedule{}, CosineSchedule{}, OneCycleSchedule{}};
  return known;
}

}  // namespace

void ConstantSchedule::describe(Fields<ConstantSchedule>& fields) { describe_warmup(fields); }

void StepSchedule::describe(Fields<StepSchedule>& fields) {
  fields.add("decay_rate", &StepSchedule::decay_rate, "factor of the learning rate at each decay", kPositive)
      .add("decay_steps", &StepSchedule::decay_steps, "steps between two decays", kAtLeastOne)
      .add("boundaries", &StepSchedule::boundaries, "steps after which to decay", kNotNegative);
  describe_warmup(fields);
}

void CosineSchedule::describe(Fields<CosineSchedule>& fields) {
  fields
      .add("decay_steps", &CosineSchedule::decay_steps, "steps of the decay; default the rest of the run", kAtLeastOne)
      .add("alpha", &CosineSchedule::alpha, "fraction of the learning rate at the end", kUnit);
  describe_warmup(fields);
}

void OneCycleSchedule::describe(Fields<OneCycleSchedule>& fields) {
  fields.add("max_learning_rate", &OneCycleSchedule::max_learning_rate, "the peak; default learning_rate", kPositive)
      .add("pct_start", &OneCycleSchedule::pct_start, "fraction of the run before the peak", kUnit)
      .add("div_factor", &OneCycleSchedule::div_factor, "peak divided by the first rate", kPositive)
      .add("final_div_factor", &OneCycleSchedule::final_div_factor, "first rate divided by the last", kPositive);
  describe_warmup(fields);
}

std::vector<std::string> schedule_names() {
  std::vector<std::string> names;
  for (const Schedule& schedule : known_schedules()) names.push_back(name_of(schedule));
  return names;
}

Schedule schedule_named(const std::string& name) {
  for (const Schedule& schedule : known_schedules())
    if (name_of(schedule) == name) return schedule;
  throw Error{{.where = "schedule", .expected = "one of " + join(schedule_names()), .received = '"' + name + '"'}};
}

std::string name_of(const Schedule& schedule) {
  return std::visit([]<class T>(const T&) { return std::string(T::kType); }, schedule);
}

void check(const Schedule& schedule) {
  check_fields(schedule);
  const auto* step = std::get_if<StepSchedule>(&schedule);
  if (!step) return;
  if (step->decay_steps.has_value() == step->boundaries.has_value())
    throw Error{{.where = "schedule \"step\"",
                 .expected = "one of decay_steps and boundaries",
                 .received = step->decay_steps ? "both" : "neither"}};
  if (step->boundaries && !std::ranges::is_sorted(*step->boundaries, std::less_equal<>()))
    throw Error{{.where = "\"boundaries\"",
                 .expected = "increasing steps",
                 .received = to_string(field_value(*step->boundaries))}};
}

double learning_rate_at(const Schedule& schedule, double base, std::uint64_t step, std::uint64_t total_steps) {
  return std::visit(
      [&](const auto& options) {
        const auto warmup = static_cast<double>(options.warmup_steps), at = static_cast<double>(step);
        const double total = std::max(0.0, static_cast<double>(total_steps) - warmup);
        if (at >= warmup) return rate(options, base, {.step = at - warmup, .total = total});
        const double target = rate(options, base, {.step = 0, .total = total}), from = options.initial_learning_rate;
        return from + (target - from) * at / warmup;
      },
      schedule);
}

}  // namespace evenkeel
