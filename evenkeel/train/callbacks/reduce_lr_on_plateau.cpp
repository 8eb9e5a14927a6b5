#include "evenkeel/train/callbacks/reduce_lr_on_plateau.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {

void ReduceLROnPlateauOptions::describe(Fields<ReduceLROnPlateauOptions>& fields) {
  describe_monitor(fields);
  fields
      .add("reduce_lr_patience", &ReduceLROnPlateauOptions::patience,
           "lower the learning rate after N epochs without improvement of the monitor", kNotNegative)
      .add("reduce_lr_factor", &ReduceLROnPlateauOptions::factor, "factor by which it is lowered; default 0.1",
           Range{.low = 0, .high = 1, .low_open = true, .high_open = true})
      .add("min_lr", &ReduceLROnPlateauOptions::min_lr, "the learning rate is not lowered below this", kNotNegative);
}

ReduceLROnPlateau::ReduceLROnPlateau(ReduceLROnPlateauOptions options)
    : options_(std::move(options)), monitor_{.name = options_.monitor, .min_delta = options_.min_delta} {
  if (!(options_.factor > 0 && options_.factor < 1))
    throw Error{{.where = "ReduceLROnPlateau: factor",
                 .expected = "a number between 0 and 1",
                 .received = fmt::format("{}", options_.factor)}};
  if (options_.patience < 0 || options_.cooldown < 0 || !(options_.min_lr >= 0))
    throw Error{{.where = "ReduceLROnPlateau",
                 .expected = "patience, cooldown and min_lr of 0 or more",
                 .received = fmt::format("{}, {} and {}", options_.patience, options_.cooldown, options_.min_lr)}};
  figure_of({}, options_.monitor);  // refuses an unknown name now, not after the first epoch
}

void ReduceLROnPlateau::on_begin(const FitBegin& begin) {
  if (begin.done_steps > 0) return;
  wait_ = cooldown_ = 0;
  monitor_.best.reset();
}

void ReduceLROnPlateau::on_epoch(const EpochRecord& record, Trainer& trainer) {
  const double value = monitor_.read(record);
  if (cooldown_ > 0) {
    --cooldown_;
    wait_ = 0;
  }
  if (monitor_.improves(value, monitor_.best)) {
    monitor_.best = value;
    wait_ = 0;
    return;
  }
  if (cooldown_ > 0 || ++wait_ < options_.patience) return;
  const double rate = trainer.learning_rate();
  if (rate <= options_.min_lr) return;
  trainer.set_learning_rate(std::max(rate * options_.factor, options_.min_lr));
  cooldown_ = options_.cooldown;
  wait_ = 0;
}

CallbackState ReduceLROnPlateau::save() const {
  CallbackState state;
  monitor_.save(state);
  state.numbers["wait"] = static_cast<double>(wait_);
  state.numbers["cooldown"] = static_cast<double>(cooldown_);
  return state;
}

void ReduceLROnPlateau::load(const CallbackState& state) {
  monitor_.load(state);
  wait_ = state.count("wait");
  cooldown_ = state.count("cooldown");
}

}  // namespace evenkeel
