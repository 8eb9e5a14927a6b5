#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/normalizations.h"
#include "evenkeel/nn/activation_function.h"

namespace evenkeel {

/// The output of one layer, channel by channel (last axis), over all samples and positions.
struct ChannelSignal {
  std::string layer;
  std::vector<double> smallest, largest;  ///< NaN if an element was NaN
  std::vector<double> mean, variance;     ///< biased

  std::int64_t channels() const { return std::ssize(mean); }
  /// The root of the mean square over all channels.
  double magnitude() const;
  /// Whether a channel is constant, relative to the layer's magnitude.
  bool is_constant(std::int64_t channel) const;
  std::int64_t constant_channels() const;
};

/// The signals of every layer that computes something, in the order of the description, in one pass: dropout off,
/// normalizations on the given statistics (those of the data, because moving ones that do not fit would look like dead
/// channels).
std::vector<ChannelSignal> channel_signals(Network& network, const Dataset& data,
                                           const std::vector<LayerStatistics>& statistics, std::int64_t batch_size);

/// The signal of a layer. If it changes nothing, the signal of the layer it reads; nullptr if that is the model's
/// input.
const ChannelSignal* signal_of(const Model& model, const std::vector<ChannelSignal>& signals, int layer);

/// Where dead units of such an activation end: they are never above it.
double lower_end(const ActivationFunction& f);
/// Whether an activation passes no gradient below its lower end.
bool learns_nothing_below(const ActivationFunction& f);

/// Units (channels) of one layer that are never above the lower end of their activation (relu, relu6, clip,
/// hard_swish), and so learn nothing; of elu, selu and leaky_relu those that stay in the part below zero.
struct DeadUnits {
  std::string layer;
  ActivationFunction activation = ActivationFunction::relu;
  bool learn_nothing() const { return learns_nothing_below(activation); }
  std::int64_t units = 0;
  std::vector<std::int64_t> dead;  ///< their indices, over all samples (and positions)
  double fraction() const { return static_cast<double>(dead.size()) / static_cast<double>(units); }
};
/// The dead units of each layer that applies one of these.
std::vector<DeadUnits> dead_units(const Model& model, const std::vector<ChannelSignal>& signals);
/// The dead units of the network in evaluation.
std::vector<DeadUnits> dead_units(Network& network, const Dataset& data, std::int64_t batch_size = 250);

}  // namespace evenkeel
