#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/normalizations.h"

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

}  // namespace evenkeel
