#include "evenkeel/diagnose/measure/channel_signals.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/measure/instrument.h"
#include "evenkeel/program/probes/extremes.h"
#include "evenkeel/program/probes/moments.h"

namespace evenkeel {
namespace {

/// A deviation below this part of the layer's magnitude is rounding in float32.
constexpr double kRounding = 1e-6;

/// Layers that compute their output, instead of passing on their input.
std::vector<std::string> computing_layers(const Model& model) {
  const CompiledModel compiled = compile(model, {.batch_size = 1});
  std::vector<std::string> layers;
  for (std::size_t i = 0; i < model.nodes().size(); ++i) {
    const std::string& name = model.nodes()[i].layer.name();
    if (compiled.layer_values[i] == name + "/output") layers.push_back(name);
  }
  return layers;
}

using ActivationKind = ActivationFunction::Kind;

/// Activations with a part below which nothing, or only the slope below zero, is left.
bool may_die(const ActivationFunction& f) {
  return f.is(ActivationKind::relu) || f.is(ActivationKind::clip) || f.is(ActivationKind::hard_swish) ||
         f.is(ActivationKind::elu) || f.is(ActivationKind::selu) || f.is(ActivationKind::leaky_relu);
}

bool is_dead(const ActivationFunction& f, double smallest, double largest) {
  if (f.is(ActivationKind::hard_swish))
    return smallest == 0 && largest == 0;  // between -3 and 0 it is negative, and learns
  return largest <= lower_end(f);
}

}  // namespace

double lower_end(const ActivationFunction& f) { return f.is(ActivationKind::clip) ? f.element.a : 0; }

bool learns_nothing_below(const ActivationFunction& f) {
  return f.is(ActivationKind::relu) || f.is(ActivationKind::clip) || f.is(ActivationKind::hard_swish);
}

double ChannelSignal::magnitude() const {
  double squares = 0;
  for (std::size_t c = 0; c < mean.size(); ++c) squares += mean[c] * mean[c] + variance[c];
  return std::sqrt(squares / static_cast<double>(mean.size()));
}

bool ChannelSignal::is_constant(std::int64_t channel) const {
  return std::sqrt(variance[static_cast<std::size_t>(channel)]) <= kRounding * magnitude();
}

std::int64_t ChannelSignal::constant_channels() const {
  std::int64_t count = 0;
  for (std::int64_t c = 0; c < channels(); ++c) count += is_constant(c) ? 1 : 0;
  return count;
}

std::vector<ChannelSignal> channel_signals(Network& network, const Dataset& data,
                                           const std::vector<LayerStatistics>& statistics, std::int64_t batch_size) {
  const std::vector<std::string> layers = computing_layers(network.model());
  CompileOptions options;
  for (const std::string& layer : layers) options.probes.push_back(layer + "/output");
  options.extremes = options.probes;
  Instrument instrument(network, options);
  instrument.supply(statistics, std::min(batch_size, data.size()));
  StepContext context = network.context(Mode::evaluate);
  for (LayerMode& mode : context.modes) mode.statistics = Statistics::supplied;
  instrument.run(data, batch_size, context);
  std::vector<ChannelSignal> signals;
  for (const std::string& layer : layers) {
    const ChannelMoments moments = read_moments(instrument.store(), layer + "/output");
    const ChannelExtremes extremes = read_extremes(instrument.store(), layer + "/output");
    signals.push_back({.layer = layer,
                       .smallest = extremes.smallest,
                       .largest = extremes.largest,
                       .mean = moments.mean,
                       .variance = moments.variance});
  }
  return signals;
}

std::vector<DeadUnits> dead_units(const Model& model, const std::vector<ChannelSignal>& signals) {
  std::vector<DeadUnits> result;
  for (const ChannelSignal& signal : signals) {
    const ActivationFunction f =
        model.nodes()[static_cast<std::size_t>(model.find(signal.layer))].layer.traits().activation;
    if (!may_die(f)) continue;
    DeadUnits layer{.layer = signal.layer, .activation = f, .units = signal.channels(), .dead = {}};
    for (std::size_t unit = 0; unit < signal.largest.size(); ++unit)
      if (is_dead(f, signal.smallest[unit], signal.largest[unit]))
        layer.dead.push_back(static_cast<std::int64_t>(unit));
    result.push_back(std::move(layer));
  }
  return result;
}

std::vector<DeadUnits> dead_units(Network& network, const Dataset& data, std::int64_t batch_size) {
  return dead_units(network.model(), channel_signals(network, data, moving_statistics(network), batch_size));
}

const ChannelSignal* signal_of(const Model& model, const std::vector<ChannelSignal>& signals, int layer) {
  while (layer >= 0) {
    const Model::Node& node = model.nodes()[static_cast<std::size_t>(layer)];
    const auto found = std::ranges::find(signals, node.layer.name(), &ChannelSignal::layer);
    if (found != signals.end()) return &*found;
    layer = node.inputs.front();
  }
  return nullptr;
}

}  // namespace evenkeel
