#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/normalizations.h"
#include "evenkeel/nn/activation_function.h"

namespace evenkeel {

/// What one layer hands on, channel by channel (last axis), over all samples and positions.
struct ChannelSignal {
  std::string layer;
  std::vector<double> smallest, largest;  ///< NaN where an element was
  std::vector<double> mean, variance;     ///< biased

  std::int64_t channels() const { return std::ssize(mean); }
  /// The root of the mean square over all channels.
  double magnitude() const;
  /// Whether a channel stays where it is, as far as the layer's magnitude lets one see.
  bool is_constant(std::int64_t channel) const;
  std::int64_t constant_channels() const;
};

/// Of every layer that computes something, in the order of the description, in one pass: dropout off, normalizations on
/// these statistics (those of the data, so that moving ones that do not fit do not look like dead channels).
std::vector<ChannelSignal> channel_signals(Network& network, const Dataset& data,
                                           const std::vector<LayerStatistics>& statistics, std::int64_t batch_size);

/// The signal of a layer; that of the layer it passes on, where it changes nothing; nullptr behind the model's input.
const ChannelSignal* signal_of(const Model& model, const std::vector<ChannelSignal>& signals, int layer);

/// Units (channels) of one layer that are never positive: of relu they hand on nothing and learn nothing, of elu and
/// leaky_relu they stay in the part that is no identity.
struct DeadUnits {
  std::string layer;
  ActivationFunction activation = ActivationFunction::relu;
  std::int64_t units = 0;
  std::vector<std::int64_t> dead;  ///< which: their largest value over all samples (and positions) is at most 0
  double fraction() const { return static_cast<double>(dead.size()) / static_cast<double>(units); }
};
/// For each layer that applies relu, elu or leaky_relu.
std::vector<DeadUnits> dead_units(const Model& model, const std::vector<ChannelSignal>& signals);
/// Of the network in evaluation.
std::vector<DeadUnits> dead_units(Network& network, const Dataset& data, std::int64_t batch_size = 250);

}  // namespace evenkeel
