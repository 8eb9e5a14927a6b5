#include "evenkeel/studies/measure.h"

#include <fmt/format.h>

#include "evenkeel/base/number.h"
#include "evenkeel/data/statistics.h"
#include "evenkeel/diagnose/measure/layer_signals.h"

namespace evenkeel {

Dataset at_most(const Dataset& data, std::int64_t limit) {
  return limit > 0 && limit < data.size() ? data.range(0, limit) : data;
}

void add_metrics(StudyRun& run, const std::string& what, double x, const Metrics& metrics) {
  const auto add = [&](const char* figure, double y) {
    Series& series = run.curve(what + '_' + figure);
    series.x.push_back(x);
    series.y.push_back(y);
  };
  add("loss", metrics.loss);
  if (metrics.accuracy) add("accuracy", *metrics.accuracy);
}

Figures evaluate_all(Trainer& trainer, const std::vector<Evaluated>& sets) {
  Figures figures;
  for (const Evaluated& set : sets) {
    const Metrics metrics = trainer.evaluate(set.data).metrics;
    figures[fmt::format("{}_loss", set.what)] = metrics.loss;
    if (metrics.accuracy) figures[fmt::format("{}_accuracy", set.what)] = *metrics.accuracy;
  }
  return figures;
}

std::string to_text(const Metrics& metrics) {
  std::string text = fmt::format("loss {:.4f}", Number{metrics.loss});
  if (metrics.accuracy) text += fmt::format("  accuracy {:.4f}", *metrics.accuracy);
  return text;
}

Profile variance_ratios(Trainer& trainer, const Dataset& data) {
  return profile_of("variance_ratio", input_variances(trainer.network(), data),
                    [](const InputVariance& v) { return v.ratio; });
}

std::vector<StudyVariant> over_sweep(const std::optional<StudySweep>& sweep,
                                     const std::function<std::vector<StudyVariant>(std::optional<double>)>& make) {
  if (!sweep) return make({});
  std::vector<StudyVariant> all;
  for (const double value : sweep->values)
    for (StudyVariant& variant : make(value)) {
      variant.name += fmt::format("@{}={:g}", sweep->name, value);
      variant.settings[sweep->name] = value;
      all.push_back(std::move(variant));
    }
  return all;
}

Rescaling standardizing(const Dataset& data) {
  const DatasetStatistics statistics = dataset_statistics(data);
  return {.scale = 1 / statistics.standard_deviation, .offset = -statistics.mean / statistics.standard_deviation};
}

}  // namespace evenkeel
