#include "evenkeel/train/history.h"

#include <algorithm>

#include "evenkeel/base/error.h"

namespace evenkeel {

std::optional<double> figure_of(const EpochRecord& record, const std::string& name) {
  if (name == "loss") return record.train.loss;
  if (name == "accuracy") return record.train.accuracy;
  if (name == "val_loss") return record.validation ? std::optional(record.validation->loss) : std::nullopt;
  if (name == "val_accuracy") return record.validation ? record.validation->accuracy : std::nullopt;
  throw Error{
      {.where = "monitor", .expected = "loss, accuracy, val_loss or val_accuracy", .received = '"' + name + '"'}};
}

const EpochRecord* History::final_epoch() const {
  if (epochs.empty()) return nullptr;
  const auto found = weights_epoch ? std::ranges::find(epochs, *weights_epoch, &EpochRecord::epoch) : epochs.end();
  return found != epochs.end() ? &*found : &epochs.back();
}

}  // namespace evenkeel
