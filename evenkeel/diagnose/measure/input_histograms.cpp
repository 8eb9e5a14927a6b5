#include "evenkeel/diagnose/measure/input_histograms.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/measure/instrument.h"
#include "evenkeel/diagnose/measure/sample_scores.h"

namespace evenkeel {
namespace {

constexpr int kBins = 64;
constexpr double kReach = 4;  ///< deviations to either side; everything beyond is in the last bin

std::vector<double> density_of(TensorView values, const LayerStatistics& reference, double epsilon) {
  const Tensor x = converted(values, DType::float64);
  const std::size_t channels = reference.mean.size();
  std::vector<double> counts(kBins);
  for (std::size_t i = 0; i < x.as<double>().size(); ++i) {
    const std::size_t c = i % channels;
    const double z = (x.as<double>()[i] - reference.mean[c]) / std::sqrt(reference.variance[c] + epsilon);
    if (!std::isfinite(z)) continue;
    const double bin = std::clamp((z + kReach) / (2 * kReach) * kBins, 0.0, kBins - 1.0);
    ++counts[static_cast<std::size_t>(bin)];
  }
  const double width = 2 * kReach / kBins;
  for (double& count : counts) count /= static_cast<double>(x.as<double>().size()) * width;
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
  Instrument instrument(network, {.keep = inputs});
  const Dataset first = data.range(0, std::min(samples, data.size()));
  std::vector<InputHistogram> result;
  for (const Mode mode : {Mode::train, Mode::evaluate}) {
    StepContext context = network.context(mode);
    for (LayerMode& of : context.modes) of.update_statistics = false;
    instrument.run(first, first.size(), context, [&](const Instrument::Seen& seen) {
      for (std::size_t i = 0; i < layers.size(); ++i) {
        std::vector<double> density = density_of(seen.read(inputs[i]), reference[i], layers[i].epsilon);
        if (mode == Mode::train)
          result.push_back({.layer = layers[i].name, .at = {}, .training = std::move(density), .evaluation = {}});
        else
          result[i].evaluation = std::move(density);
      }
    });
  }
  for (InputHistogram& histogram : result)
    for (int bin = 0; bin < kBins; ++bin) histogram.at.push_back(kReach * ((2.0 * bin + 1) / kBins - 1));
  return result;
}

}  // namespace evenkeel
