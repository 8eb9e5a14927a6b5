#include "evenkeel/train/callbacks/early_stopping.h"

#include <fmt/format.h>

#include "evenkeel/base/error.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {

void EarlyStoppingOptions::describe(Fields<EarlyStoppingOptions>& fields) {
  describe_monitor(fields);
  fields
      .add("early_stopping", &EarlyStoppingOptions::patience, "end after N epochs without improvement of the monitor",
           kNotNegative)
      .add("restore_best_weights", &EarlyStoppingOptions::restore_best_weights,
           "early_stopping: end with the weights of the best epoch");
}

EarlyStopping::EarlyStopping(EarlyStoppingOptions options)
    : options_(std::move(options)), monitor_{.name = options_.monitor, .min_delta = options_.min_delta} {
  if (options_.patience < 0)
    throw Error{{.where = "EarlyStopping: patience",
                 .expected = "0 or more epochs",
                 .received = std::to_string(options_.patience)}};
  figure_of({}, options_.monitor);  // refuses an unknown name now, not after the first epoch
}

void EarlyStopping::on_begin(const FitBegin& begin, Trainer& trainer) {
  if (begin.done_steps > 0) {
    // What a checkpoint says of them is only used at the end, which may be days away.
    if (!best_weights_.empty()) trainer.check_weights(best_weights_, "checkpoint: best weights");
    if (best_epoch_ > std::ssize(begin.history->epochs))
      throw Error{{.where = "checkpoint: best epoch",
                   .expected = fmt::format("one of the {} so far", begin.history->epochs.size()),
                   .received = std::to_string(best_epoch_)}};
    return;
  }
  wait_ = best_epoch_ = 0;
  monitor_.best.reset();
  best_weights_.clear();
}

void EarlyStopping::keep_weights(Trainer& trainer, std::int64_t epoch) {
  best_epoch_ = epoch;
  if (!options_.restore_best_weights) return;
  const AveragedWeights averaged(trainer.network());
  for (const WeightInfo& weight : trainer.network().weights())
    best_weights_[weight.name] = Tensor::copy_of(trainer.network().weight(weight.name));
}

void EarlyStopping::on_epoch(const EpochRecord& record, Trainer& trainer) {
  if (record.epoch <= options_.start_from_epoch) return;
  const double value = monitor_.read(record);
  if (best_epoch_ == 0) keep_weights(trainer, record.epoch);
  ++wait_;
  if (monitor_.improves(value, monitor_.best)) {
    monitor_.best = value;
    keep_weights(trainer, record.epoch);
    if (monitor_.improves(value, options_.baseline)) wait_ = 0;
    return;
  }
  // Keras never stops after the first epoch.
  if (wait_ >= options_.patience && record.epoch > 1)
    trainer.stop(fmt::format("{} has not improved for {} epochs; {}", options_.monitor, wait_,
                             monitor_.best ? fmt::format("best in epoch {}", best_epoch_) : "it was never finite"));
}

void EarlyStopping::on_end(History& history, Trainer& trainer) {
  if (history.stopped || history.failed || best_weights_.empty()) return;
  if (history.epochs.empty() || history.epochs.back().epoch != best_epoch_) history.weights_epoch = best_epoch_;
  const AveragedWeights averaged(trainer.network());
  for (const auto& [name, tensor] : best_weights_) trainer.network().set_weight(name, tensor);
}

CallbackState EarlyStopping::save() const {
  CallbackState state;
  monitor_.save(state);
  state.numbers["wait"] = static_cast<double>(wait_);
  state.numbers["best_epoch"] = static_cast<double>(best_epoch_);
  for (const auto& [name, tensor] : best_weights_) state.tensors.emplace(name, tensor.clone());
  return state;
}

void EarlyStopping::load(const CallbackState& state) {
  monitor_.load(state);
  wait_ = state.count("wait");
  best_epoch_ = state.count("best_epoch");
  best_weights_.clear();
  for (const auto& [name, tensor] : state.tensors) best_weights_.emplace(name, tensor.clone());
}

}  // namespace evenkeel
