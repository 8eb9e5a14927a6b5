#include "evenkeel/train/training_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/base/number.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/labels.h"
#include "evenkeel/data/unusual_samples.h"
#include "evenkeel/nn/compile.h"
#include "evenkeel/nn/normalizations.h"

namespace evenkeel {
namespace {

std::string text_of(const Dataset& data) { return '"' + data.name() + '"'; }

std::string about_classes(const Dataset& data, const Dataset& validation) {
  const LabelComparison labels = compare_labels(data, validation);
  const auto& names = data.class_names();
  const std::string sorted = is_sorted_by_class(data) || is_sorted_by_class(validation)
                                 ? " The samples are sorted by class: shuffle them before they are split."
                                 : "";
  if (!labels.missing_in_first.empty())
    return fmt::format("validation has classes that training never sees: {}.{}",
                       class_list(labels.missing_in_first, names), sorted);
  if (const auto missing = beyond_chance(labels.missing_in_second); !missing.empty())
    return fmt::format("validation lacks classes that training has: {}.{}", class_list(missing, names), sorted);
  if (labels.differ())
    return fmt::format(
        "training and validation share out their classes differently: {:.0f} % of the samples would "
        "have to change class.{}",
        100 * labels.distance, sorted);
  return {};
}

/// The layers that normalize by the statistics of a batch, and how many values each channel has in a sample.
struct BatchStatistics {
  std::vector<std::string> layers;
  std::int64_t fewest_values = 0;
};

BatchStatistics batch_statistics(const Model& model) {
  BatchStatistics found;
  const CompiledModel compiled = compile(model, {.batch_size = 1});
  for (std::size_t i = 0; i < model.nodes().size(); ++i) {
    const Layer& layer = model.nodes()[i].layer;
    const auto normalization = layer.traits().normalization;
    if (!normalization || normalization->over != NormalizationTraits::Over::batch) continue;
    const Shape& shape = compiled.layer_outputs[i];
    const std::int64_t values = shape.rank() == 0 ? 1 : shape.size() / shape[-1];
    found.fewest_values = found.layers.empty() ? values : std::min(found.fewest_values, values);
    found.layers.push_back(layer.name());
  }
  return found;
}

std::string about_batches(const Model& model, std::int64_t samples, std::int64_t batch_size, bool across_epochs) {
  const BatchStatistics statistics = batch_statistics(model);
  if (statistics.layers.empty()) return {};
  const std::string layers = statistics.layers.size() == 1
                                 ? fmt::format("\"{}\" normalizes", statistics.layers[0])
                                 : fmt::format("{} layers normalize", statistics.layers.size());
  const char* of_one =
      statistics.fewest_values == 1 ? "of one value the variance is 0" : "one sample says little of a set";
  if (batch_size == 1 && statistics.fewest_values == 1)
    return fmt::format("batches have one sample, and {} by their statistics: {}.", layers, of_one);
  if (batch_size > 1 && samples % batch_size == 1 && !across_epochs)
    return fmt::format(
        "the last batch of each epoch has one sample, and {} by its statistics: {}. Another batch size, "
        "or one sample less, avoids it.",
        layers, of_one);
  return {};
}

std::string about_outputs(const Model& model, const TrainerOptions& options) {
  std::vector<std::string> untrained;
  const std::vector<int> outputs = model.outputs();
  for (std::size_t i = 1; i < outputs.size(); ++i)
    if (i >= options.loss_weights.size() || options.loss_weights[i] == 0)
      untrained.push_back('"' + model.name_of(outputs[i]) + '"');
  if (untrained.empty()) return {};
  return fmt::format("of the outputs, {} {} not trained: loss_weights gives {} no weight.", join(untrained),
                     untrained.size() == 1 ? "is" : "are", untrained.size() == 1 ? "it" : "them");
}

std::string about_gaps(const Dataset& data) {
  if (!data.has_labels() || !data.class_names().empty()) return {};
  const std::vector<std::int32_t> labels = class_labels(data);
  const auto [least, most] = std::ranges::minmax(labels);
  std::vector<std::int32_t> values = labels;
  std::ranges::sort(values);
  const auto count = std::unique(values.begin(), values.end()) - values.begin();
  const bool from_one = least == 1 && count == most && count > 1;
  return from_one || most + 1 >= 2 * std::max<std::int64_t>(2, count) ? proposed_mapping(data) : std::string();
}

std::string number(double value) { return fmt::format("{:.3g}", Number{value}); }

/// Validation far below training; empty where it is not, or there is none.
std::string about_gap(const EpochRecord& record) {
  if (!record.validation) return {};
  const Metrics &train = record.train, &validation = *record.validation;
  if (!std::isfinite(validation.loss) && std::isfinite(train.loss)) return "validation's loss is not finite";
  if (train.accuracy && validation.accuracy) {
    // By more than the chance of so many samples.
    const double p = *train.accuracy, gap = p - *validation.accuracy;
    const double deviation =
        std::sqrt(std::max(p * (1 - p), 0.01) / static_cast<double>(std::max<std::int64_t>(1, validation.samples)));
    if (gap > std::max(0.1, 4 * deviation))
      return fmt::format("validation is far below training: accuracy {} against {}", number(*validation.accuracy),
                         number(p));
  }
  const bool far = validation.loss > (train.accuracy ? 5 : 2) * train.loss &&
                   validation.loss - train.loss > (train.accuracy ? 1 : 0);
  return far ? fmt::format("validation is far below training: loss {} against {}", number(validation.loss),
                           number(train.loss))
             : std::string();
}

constexpr double kLeastLag = 0.03;  ///< of the initial statistics: less is no lag

/// Moving statistics near their initial values; empty where none are.
std::string about_lag(const Model& model, std::uint64_t updates) {
  double share = 0, momentum = 0;
  for (const Normalization& n : normalizations(model)) {
    const double left = std::pow(n.momentum, static_cast<double>(updates));
    if (!n.frozen && n.momentum < 1 && left > share) share = left, momentum = n.momentum;
  }
  if (share < kLeastLag) return {};
  return fmt::format("moving statistics are still {:.0f} % of their initial values, after {} update{} with momentum {}",
                     100 * share, with_commas(static_cast<std::int64_t>(updates)), updates == 1 ? "" : "s",
                     momentum_text(momentum));
}

bool is_as_good(const EpochRecord& record) {
  if (!record.validation) return false;
  const Metrics &train = record.train, &validation = *record.validation;
  return validation.loss <= 1.1 * train.loss &&
         (!train.accuracy || validation.accuracy.value_or(0) >= *train.accuracy - 0.02);
}

}  // namespace

std::vector<std::string> training_warnings(const Model& model, const TrainerOptions& options, const Dataset& data,
                                           const FitOptions& fit) {
  std::vector<std::string> warnings;
  const auto add = [&](std::string text) {
    if (!text.empty()) warnings.push_back(std::move(text));
  };
  if (fit.validation) add(about_classes(data, *fit.validation));
  if (!fit.shuffle && is_sorted_by_class(data))
    add(fmt::format("the samples of {} are sorted by class and are not shuffled.", text_of(data)));
  add(about_outputs(model, options));
  add(about_batches(model, data.size(), options.batch_size, fit.steps.has_value()));
  if (const auto unusual = unusual_samples(data); !unusual.empty())
    add(fmt::format("in {}, {}.", text_of(data), describe(unusual, data)));
  add(about_gaps(data));
  return warnings;
}

std::string ending_note(const Model& model, const History& history, std::optional<std::uint64_t> updates) {
  const EpochRecord* record = history.final_epoch();
  if (!record || history.stopped || history.failed) return {};
  std::vector<std::string> parts;
  if (const std::string gap = about_gap(*record); !gap.empty()) parts.push_back(gap);
  if (updates && !is_as_good(*record))
    if (const std::string lag = about_lag(model, *updates); !lag.empty()) parts.push_back(lag);
  return join(parts, "; ");
}

}  // namespace evenkeel
