#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "evenkeel/config/choice.h"
#include "evenkeel/train/schedules/constant.h"
#include "evenkeel/train/schedules/cosine.h"
#include "evenkeel/train/schedules/one_cycle.h"
#include "evenkeel/train/schedules/step.h"

namespace evenkeel {

/// How the learning rate changes over a run: all schedules. A new one is a pair of files in schedules/, with its
/// struct, the description of its fields and its rate_of, and a line here.
using Schedule = std::variant<  //
    ConstantSchedule,           //
    StepSchedule,               //
    CosineSchedule,             //
    OneCycleSchedule>;

/// "constant", "step", "cosine", "one_cycle"
std::vector<std::string> schedule_names();
/// The schedule of that name, with its defaults. Throws Error, which lists the known names.
Schedule schedule_named(const std::string& name);

/// Checks a schedule's options: throws Error if they are out of range or do not go together.
void check(const Schedule& schedule);

/// The learning rate of the update about to be made: step 0 is the first of the run's total_steps. A pure function.
/// total_steps 0: not known; throws Error if the schedule needs it.
double learning_rate_at(const Schedule& schedule, double base, std::uint64_t step, std::uint64_t total_steps);

}  // namespace evenkeel
