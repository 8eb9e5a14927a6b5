#include "evenkeel/report/training_records.h"

#include <algorithm>

#include "evenkeel/report/run_record.h"
#include "evenkeel/train/callbacks/checkpoint_folder.h"
#include "evenkeel/train/settings.h"

namespace evenkeel {
namespace {

/// The numbers of a column, without gaps.
std::vector<double> numbers_of(const MetricsTable& metrics, const std::string& name) {
  std::vector<double> numbers;
  if (const MetricsTable::Column* column = metrics.find(name))
    for (const auto& value : *column)
      if (value) numbers.push_back(*value);
  return numbers;
}

}  // namespace

std::shared_ptr<const NamedTensors> raw_weights_of(const std::filesystem::path& weights) {
  if (!averages_in(weights)) return nullptr;
  return std::make_shared<const NamedTensors>(read_checkpoint(weights).weights);
}

Records training_records(const std::filesystem::path& run_folder, const Model&) {
  const RunRecord run = read_run_record(run_folder);
  Records records;
  if (run.run) records.updates = run.run->steps_done;
  if (run.model) records.batch_size = run.model->training.batch_size.value_or(TrainerOptions{}.batch_size);
  const std::vector<double> train = numbers_of(run.metrics, "loss"), validation = numbers_of(run.metrics, "val_loss");
  if (!train.empty()) records.train_loss = train.back();
  if (!validation.empty()) {
    records.validation_loss = validation.back();
    records.best_validation_loss = std::ranges::min(validation);
  }
  if (const auto newest = newest_checkpoint(run_folder / "checkpoints"))
    records.raw_weights = raw_weights_of(newest->path);
  return records;
}

}  // namespace evenkeel
