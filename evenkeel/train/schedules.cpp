#include "evenkeel/train/schedules.h"

#include <algorithm>

namespace evenkeel {

std::vector<std::string> schedule_names() { return choice_names<Schedule>(); }

Schedule schedule_named(const std::string& name) { return chosen_by_name<Schedule>("schedule", name); }

void check(const Schedule& schedule) {
  check_fields(schedule);
  std::visit(
      [](const auto& options) {
        if (options.warmup_steps == 0 && options.initial_learning_rate != 0)
          throw Error{
              {.where = "\"initial_learning_rate\"", .expected = "\"warmup_steps\" with it", .received = "none"}};
      },
      schedule);
}

double learning_rate_at(const Schedule& schedule, double base, std::uint64_t step, std::uint64_t total_steps) {
  return std::visit(
      [&](const auto& options) {
        const auto warmup = static_cast<double>(options.warmup_steps), at = static_cast<double>(step);
        const double total = std::max(0.0, static_cast<double>(total_steps) - warmup);
        if (at >= warmup) return rate_of(options, base, {.step = at - warmup, .total = total});
        const double target = rate_of(options, base, {.step = 0, .total = total}), from = options.initial_learning_rate;
        return from + (target - from) * at / warmup;
      },
      schedule);
}

}  // namespace evenkeel
