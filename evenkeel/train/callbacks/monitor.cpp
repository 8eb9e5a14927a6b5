#include "evenkeel/train/callbacks/monitor.h"

#include <cmath>

#include "evenkeel/base/error.h"

namespace evenkeel {

double Monitor::read(const EpochRecord& record) const {
  const std::optional<double> figure = figure_of(record, name);
  if (!figure)
    throw Error{{.where = "monitor \"" + name + '"',
                 .expected = "that figure in every epoch",
                 .received = "epoch " + std::to_string(record.epoch) + " without it",
                 .hint = name.starts_with("val_") ? "Give validation data, or monitor \"loss\"."
                                                  : "This loss has no accuracy."}};
  return *figure;
}

bool Monitor::improves(double value, std::optional<double> reference) const {
  if (!std::isfinite(value)) return false;
  if (!reference || !std::isfinite(*reference)) return true;
  const bool less_is_better = name.ends_with("loss");
  return less_is_better ? value + std::abs(min_delta) < *reference : value - std::abs(min_delta) > *reference;
}

void Monitor::save(CallbackState& state) const {
  if (best) state.numbers["best"] = *best;
}

void Monitor::load(const CallbackState& state) {
  const auto found = state.numbers.find("best");
  best = found == state.numbers.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace evenkeel
