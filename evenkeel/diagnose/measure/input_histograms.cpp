#include "evenkeel/diagnose/measure/input_histograms.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/measure/capacity.h"
#include "evenkeel/diagnose/measure/instrument.h"
#include "evenkeel/diagnose/measure/sample_scores.h"

namespace evenkeel {
namespace {

constexpr int kBins = 64;
constexpr double kReach = 4;  ///< deviations to either side; everything beyond is in the last bin

/// Adds the values to the counts of their bins.
void count(TensorView values, const LayerStatistics& reference, double epsilon, std::vector<double>& counts) {
  const Tensor x = converted(values, DType::float64);
  const std::size_t channels = reference.mean.size();
  for (std::size_t i = 0; i < x.as<double>().size(); ++i) {
    const std::size_t c = i % channels;
    const double z = (x.as<double>()[i] - reference.mean[c]) / std::sqrt(reference.variance[c] + epsilon);
    if (!std::isfinite(z)) continue;
    const double bin = std::clamp((z + kReach) / (2 * kReach) * kBins, 0.0, kBins - 1.0);
    ++counts[static_cast<std::size_t>(bin)];
  }
}

/// Divided by the number of values and the width of a bin.
std::vector<double> density_of(std::vector<double> counts, std::int64_t values) {
  const double width = 2 * kReach / kBins;
  for (double& c : counts) c /= static_cast<double>(values) * width;
  return counts;
}

}  // namespace

std::vector<InputHistogram> input_histograms(Network& network, const Dataset& data,
                                             const std::vector<LayerStatistics>& reference, std::int64_t samples) {
  const std::vector<Normalization> layers = normalizations(network.model());
  if (layers.empty()) return {};
  const CompiledModel names = compile(network.model(), {.batch_size = 1});
  std::vector<std::string> inputs;
  for (const Normalization& n : layers) inputs.push_back(input_value(network.model(), names, n.layer));
  const Dataset first = data.range(0, std::min(samples, data.size()));
  Instrument instrument(network, {.keep = inputs});
  const std::int64_t size = batch_that_fits(network.model(), {.keep = inputs}, first.size(), kBatchBytes);
  std::vector<InputHistogram> result;
  for (const Normalization& layer : layers)
    result.push_back({.layer = layer.name, .at = {}, .training = {}, .evaluation = {}});
  for (const Mode mode : {Mode::train, Mode::evaluate}) {
    StepContext context = network.context(mode);
    for (LayerMode& of : context.modes) of.update_statistics = false;
    std::vector<std::vector<double>> counts(layers.size(), std::vector<double>(kBins));
    std::vector<std::int64_t> values(layers.size());
    instrument.run(first, size, context, [&](const Instrument::Seen& seen) {
      for (std::size_t i = 0; i < layers.size(); ++i) {
        const TensorView x = seen.read(inputs[i]);
        count(x, reference[i], layers[i].epsilon, counts[i]);
        values[i] += x.shape.size();
      }
    });
    for (std::size_t i = 0; i < layers.size(); ++i)
      (mode == Mode::train ? result[i].training : result[i].evaluation) = density_of(std::move(counts[i]), values[i]);
  }
  for (InputHistogram& histogram : result)
    for (int bin = 0; bin < kBins; ++bin) histogram.at.push_back(kReach * ((2.0 * bin + 1) / kBins - 1));
  return result;
}

}  // namespace evenkeel
