#include <algorithm>
#include <cmath>

#include "evenkeel/base/error.h"
#include "evenkeel/base/sample.h"
#include "evenkeel/diagnose/measure/instrument.h"
#include "evenkeel/diagnose/measure/layer_signals.h"
#include "evenkeel/diagnose/measure/sample_scores.h"
#include "evenkeel/program/probes/moments.h"

namespace evenkeel {
namespace {

/// A program with a probe at the input of every normalization.
class InputProbes {
 public:
  InputProbes(Network& network, const Dataset& data, std::int64_t batch_size)
      : data_(data),
        batch_size_(batch_size),
        layers_(normalizations(network.model())),
        inputs_(inputs_of(network.model(), layers_)),
        instrument_(network, {.probes = inputs_}) {}

  std::vector<LayerStatistics> measure(std::vector<LayerMode> modes, std::uint64_t step) {
    std::vector<LayerStatistics> result;
    if (layers_.empty()) return result;
    StepContext context = instrument_.network().context(Mode::evaluate, step);
    for (LayerMode& mode : modes) mode.update_statistics = false;
    context.modes = std::move(modes);
    reset_probes(instrument_.store());
    instrument_.run(data_, batch_size_, context);
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      ChannelMoments moments = read_moments(instrument_.store(), inputs_[i]);
      result.push_back({layers_[i].name, std::move(moments.mean), std::move(moments.variance)});
    }
    return result;
  }

 private:
  static std::vector<std::string> inputs_of(const Model& model, const std::vector<Normalization>& layers) {
    const CompiledModel compiled = compile(model, {.batch_size = 1});
    std::vector<std::string> inputs;
    for (const Normalization& n : layers) inputs.push_back(input_value(model, compiled, n.layer));
    return inputs;
  }

  const Dataset& data_;
  std::int64_t batch_size_;
  std::vector<Normalization> layers_;
  std::vector<std::string> inputs_;
  Instrument instrument_;
};

/// The variances of one layer, from its input with dropout off and with each mask.
InputVariance variance_shift(const LayerStatistics& test, const std::vector<const LayerStatistics*>& masks) {
  InputVariance result{.layer = test.layer, .test = test, .train = *masks.front()};
  const auto count = static_cast<double>(masks.size());
  std::vector<double> ratios;
  for (const LayerStatistics* mask : masks) ratios.push_back(variance_ratio(test.variance, mask->variance));
  for (std::size_t c = 0; c < test.mean.size(); ++c) {
    result.train.mean[c] = result.train.variance[c] = 0;
    for (const LayerStatistics* mask : masks) {
      result.train.mean[c] += mask->mean[c] / count;
      result.train.variance[c] += mask->variance[c] / count;
    }
  }
  result.test_variance = mean_of(test.variance);
  result.train_variance = mean_of(result.train.variance);
  result.ratio = mean_of(ratios);
  result.ratio_error = deviation_of(ratios) / std::sqrt(count);
  return result;
}

}  // namespace

double variance_ratio(const std::vector<double>& test, const std::vector<double>& train) {
  double sum = 0;
  int varying = 0;
  for (std::size_t c = 0; c < test.size(); ++c)
    if (train[c] > 0) {
      sum += test[c] / train[c];
      ++varying;
    }
  return varying > 0 ? sum / varying : 1;
}

std::vector<LayerStatistics> input_statistics(Network& network, const Dataset& data,
                                              const std::vector<LayerMode>& modes, std::int64_t batch_size,
                                              std::uint64_t step) {
  return InputProbes(network, data, batch_size).measure(modes, step);
}

std::vector<InputVariance> input_variances(Network& network, const Dataset& data, const InputVarianceOptions& options) {
  if (options.masks < 2)
    throw Error{{.where = "masks", .expected = "at least 2", .received = std::to_string(options.masks)}};
  const auto modes = [&](bool dropout) {
    return uniform_modes(network, options.batch_statistics ? Statistics::batch : Statistics::moving, dropout);
  };
  InputProbes probes(network, data, options.batch_size);
  const std::vector<LayerStatistics> test = probes.measure(modes(false), 0);
  std::vector<std::vector<LayerStatistics>> train;
  for (int mask = 0; mask < options.masks; ++mask)
    train.push_back(probes.measure(modes(true), static_cast<std::uint64_t>(mask * data.size())));
  std::vector<InputVariance> result;
  for (std::size_t i = 0; i < test.size(); ++i) {
    std::vector<const LayerStatistics*> masks;
    for (const auto& layers : train) masks.push_back(&layers[i]);
    result.push_back(variance_shift(test[i], masks));
  }
  return result;
}

}  // namespace evenkeel
