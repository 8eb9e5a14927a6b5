#include "evenkeel/diagnose/measure/training_records.h"

#include <algorithm>

#include "evenkeel/formats/safetensors.h"
#include "evenkeel/runs/checkpoint_folder.h"
#include "evenkeel/runs/run_record.h"
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

/// The moving statistics among these tensors, by normalization of the model; nothing if they belong to another model.
std::vector<LayerStatistics> statistics_among(const NamedTensors& weights, const Model& model) {
  std::vector<LayerStatistics> all;
  const auto numbers = [&](const std::string& name) {
    const auto found = std::ranges::find(weights, name, &NamedTensors::value_type::first);
    if (found == weights.end()) return std::vector<double>();
    const Tensor values = converted(found->second, DType::float64);
    return std::vector<double>(values.as<double>().begin(), values.as<double>().end());
  };
  for (const Normalization& n : normalizations(model)) {
    all.push_back({n.name, numbers(n.mean), numbers(n.variance)});
    if (all.back().mean.empty() || all.back().variance.size() != all.back().mean.size()) return {};
  }
  return all;
}

/// The statistics of the second newest checkpoint, because the newest one has the present weights.
std::vector<LayerStatistics> earlier_statistics(const std::filesystem::path& run_folder, const Model& model) {
  const std::vector<std::filesystem::path> files = checkpoints_in(run_folder / "checkpoints");
  for (std::size_t i = 1; i < files.size(); ++i) try {
      return statistics_among(read_checkpoint(files[i]).weights, model);
    } catch (const Error&) {
      // Damaged: the one before is used instead.
    }
  return {};
}

/// The statistics of the weights that training started from; nothing if the file no longer exists or belongs to another
/// model.
std::vector<LayerStatistics> initial_statistics(const std::string& weights, const Model& model) {
  try {
    formats::SafetensorsFile file = formats::read_safetensors(weights);
    return statistics_among(file.tensors, model);
  } catch (const Error&) {
    return {};
  }
}

/// A column's number for an epoch, or for the last one.
std::optional<double> at_epoch(const MetricsTable& metrics, const std::vector<double>& numbers,
                               std::optional<std::int64_t> epoch) {
  if (numbers.empty()) return {};
  const std::vector<double> epochs = numbers_of(metrics, "epoch");
  if (!epoch || epochs.size() != numbers.size()) return numbers.back();
  const auto found = std::ranges::find(epochs, static_cast<double>(*epoch));
  return found == epochs.end() ? numbers.back() : numbers[static_cast<std::size_t>(found - epochs.begin())];
}

/// The size of each epoch's last batch, if it is smaller than the others. (Training by steps has full batches only.)
std::optional<std::int64_t> last_batch_of(const RunDescription& run, std::optional<std::int64_t> batch_size) {
  if (run.steps || run.samples == 0 || !batch_size || run.samples % *batch_size == 0) return {};
  return run.samples % *batch_size;
}

}  // namespace

std::shared_ptr<const NamedTensors> raw_weights_of(const std::filesystem::path& weights) {
  if (!averages_in(weights)) return nullptr;
  return std::make_shared<const NamedTensors>(read_checkpoint(weights).weights);
}

Records training_records(const std::filesystem::path& run_folder, const Model& model) {
  const RunRecord run = read_run_record(run_folder);
  Records records;
  // The updates of given weights are not known.
  if (run.run && run.run->description.initial_weights.empty()) records.updates = run.run->steps_done;
  if (run.model) {
    const CommonOptimizerOptions optimizer = common_options(optimizer_of(run.model->training));
    records.batch_size = batch_size_of(run.model->training);
    records.weight_decay = optimizer.weight_decay;
    records.ema_momentum = optimizer.ema_momentum;
    records.class_weight = run.model->training.get<std::vector<double>>("class_weight").value_or(std::vector<double>());
  }
  if (run.run) {
    const RunDescription& description = run.run->description;
    records.shuffled = description.shuffle;
    records.last_batch = last_batch_of(description, records.batch_size);
    records.initial_weights = description.initial_weights;
  }
  records.earlier_statistics = earlier_statistics(run_folder, model);
  if (records.earlier_statistics.empty() && !records.initial_weights.empty()) {
    records.earlier_statistics = initial_statistics(records.initial_weights, model);
    records.are_initial_statistics = !records.earlier_statistics.empty();
  }
  records.training_scores = {.loss = numbers_of(run.metrics, "loss"), .accuracy = numbers_of(run.metrics, "accuracy")};
  records.validation_scores = {.loss = numbers_of(run.metrics, "val_loss"),
                               .accuracy = numbers_of(run.metrics, "val_accuracy")};
  if (run.run) {
    records.training_scores.fingerprint = run.run->description.data_fingerprint;
    records.validation_scores.fingerprint = run.run->description.validation_fingerprint;
  }
  const std::vector<double>&train = records.training_scores.loss, &validation = records.validation_scores.loss;
  const std::optional<std::int64_t> restored = run.run ? run.run->weights_epoch : std::nullopt;
  records.train_loss = at_epoch(run.metrics, train, restored);
  records.validation_loss = at_epoch(run.metrics, validation, restored);
  if (!validation.empty()) {
    records.best_validation_loss = std::ranges::min(validation);
  }
  if (const auto newest = newest_checkpoint(run_folder / "checkpoints", {}, of_model(model)))
    records.raw_weights = raw_weights_of(newest->path);
  return records;
}

}  // namespace evenkeel
