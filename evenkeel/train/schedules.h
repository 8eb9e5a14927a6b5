#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "evenkeel/config/choice.h"

// How the learning rate changes over a run. Each schedule may be preceded by a linear warm-up, as Keras's CosineDecay:
// in `warmup_steps` steps the rate goes from `initial_learning_rate` to the schedule's first; the schedule counts its
// own steps from there. `base` is the optimizer's learning rate.

namespace evenkeel {

/// base
struct ConstantSchedule {
  std::int64_t warmup_steps = 0;
  double initial_learning_rate = 0;

  static constexpr std::string_view kType = "constant";
  static void describe(Fields<ConstantSchedule>&);
  bool operator==(const ConstantSchedule&) const = default;
};

/// base * decay_rate^n. With `decay_steps`, n = step / decay_steps (Keras's ExponentialDecay with staircase); with
/// `boundaries`, n = how many of them the step is above (Keras's PiecewiseConstantDecay). One of the two must be given.
struct StepSchedule {
  double decay_rate = 0.1;
  std::optional<std::int64_t> decay_steps = {};
  std::optional<std::vector<std::int64_t>> boundaries = {};  ///< increasing
  std::int64_t warmup_steps = 0;
  double initial_learning_rate = 0;

  static constexpr std::string_view kType = "step";
  static void describe(Fields<StepSchedule>&);
  bool operator==(const StepSchedule&) const = default;
};

/// base * ((1 - alpha) (1 + cos(pi step / decay_steps)) / 2 + alpha), then base * alpha. Keras's CosineDecay, whose
/// `warmup_target` is our base (Loshchilov & Hutter 2017).
struct CosineSchedule {
  std::optional<std::int64_t> decay_steps = {};  ///< default: the run's, without the warm-up
  double alpha = 0;                              ///< fraction of base at the end
  std::int64_t warmup_steps = 0;
  double initial_learning_rate = 0;

  static constexpr std::string_view kType = "cosine";
  static void describe(Fields<CosineSchedule>&);
  bool operator==(const CosineSchedule&) const = default;
};

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

using Schedule = std::variant<ConstantSchedule, StepSchedule, CosineSchedule, OneCycleSchedule>;

/// "constant", "step", "cosine", "one_cycle"
std::vector<std::string> schedule_names();
/// With defaults. Throws Error with the known names.
Schedule schedule_named(const std::string& name);
std::string name_of(const Schedule& schedule);

/// Throws Error where options are out of range or do not go together.
void check(const Schedule& schedule);

/// The learning rate of the update about to be made: step 0 is the first of the run's total_steps. A pure function.
/// total_steps 0: not known; throws Error where the schedule has to know it.
double learning_rate_at(const Schedule& schedule, double base, std::uint64_t step, std::uint64_t total_steps);

}  // namespace evenkeel
