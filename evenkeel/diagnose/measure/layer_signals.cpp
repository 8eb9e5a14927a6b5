#include "evenkeel/diagnose/measure/layer_signals.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/measure/instrument.h"

namespace evenkeel {
double statistics_distance(const LayerStatistics& moving, const LayerStatistics& data, double epsilon) {
  double sum = 0;
  for (std::size_t c = 0; c < data.mean.size(); ++c) {
    const double v = moving.variance[c] + epsilon, w = data.variance[c] + epsilon;
    const double apart = moving.mean[c] - data.mean[c];
    sum += 0.5 * (std::log(w / v) + (v + apart * apart) / w - 1);
  }
  return sum / static_cast<double>(data.mean.size());
}

double far_statistics(std::int64_t samples) {
  return samples > 0 ? std::max(kFarStatistics, 0.04 + 5 / static_cast<double>(samples)) : kFarStatistics;
}

StatisticsGap gap_between(const LayerStatistics& moving, const LayerStatistics& data, double epsilon,
                          std::int64_t samples) {
  StatisticsGap gap{.layer = moving.layer, .epsilon = epsilon, .moving = moving, .data = data, .samples = samples};
  gap.distance = statistics_distance(moving, data, epsilon);
  const auto channels = static_cast<double>(data.mean.size());
  gap.variance_ratio = 0;
  for (std::size_t c = 0; c < data.mean.size(); ++c) {
    const double variance = data.variance[c] + epsilon;
    gap.mean_difference += std::abs(moving.mean[c] - data.mean[c]) / std::sqrt(variance) / channels;
    gap.variance_ratio += (moving.variance[c] + epsilon) / variance / channels;
  }
  return gap;
}

std::vector<StatisticsGap> statistics_gap(Network& network, const Dataset& data, const ReestimateOptions& options) {
  const Reestimated measured = measure_statistics(network, data, options);
  const std::vector<Normalization> layers = normalizations(network.model());
  std::vector<StatisticsGap> gaps;
  for (std::size_t i = 0; i < layers.size(); ++i)
    gaps.push_back(gap_between(measured.before[i], measured.after[i], layers[i].epsilon, data.size()));
  return gaps;
}

std::vector<GradientNorm> gradient_norms(Network& network, const Batch& batch, std::uint64_t step) {
  const NetworkOptions& options = network.options();
  Instrument instrument(network, {.loss = options.loss,
                                  .targets = Network::targets_of(batch),
                                  .train = true,
                                  .class_weight = options.class_weight,
                                  .loss_weights = options.loss_weights});
  StepContext context = network.context(Mode::train, step);
  for (LayerMode& mode : context.modes) mode.update_statistics = false;
  network.run(instrument.runner(batch.size), batch, context);
  std::vector<GradientNorm> norms;
  for (const WeightInfo& weight : network.weights()) {
    if (!weight.trainable) continue;
    const Tensor gradient = converted(instrument.store().gradients.get(weight.name + "/gradient"), DType::float64);
    double squares = 0;
    for (const double g : gradient.as<double>()) squares += g * g;
    norms.push_back({.tensor = weight.name,
                     .layer = network.model().nodes()[static_cast<std::size_t>(weight.layer)].layer.name(),
                     .size = weight.shape.size(),
                     .norm = std::sqrt(squares)});
  }
  return norms;
}

}  // namespace evenkeel
