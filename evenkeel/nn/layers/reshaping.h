#pragma once

#include <string>
#include <vector>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

/// Each sample's numbers, in row-major order, in another shape: a view. Input [N, ...], output [N, target_shape].
/// Throws Error if the numbers of elements differ. Keras's Reshape.
struct Reshape {
  std::vector<std::int64_t> target_shape = {};  ///< without the batch; one size may be -1: what the others leave
  std::string name = {};

  static constexpr std::string_view kType = "Reshape";
  static void describe(Fields<Reshape>&);
};
LayerTraits traits(const Reshape&);
Value build(const Reshape&, LayerBuilder&, Value x);

/// Channels of `groups` groups in turns: output channel k * groups + g is input channel g * (C / groups) + k, so that
/// the next grouped convolution reads from all groups. Input [N, ..., C], output the same. Zhang et al. 2018,
/// "ShuffleNet"; PyTorch's ChannelShuffle.
struct ChannelShuffle {
  std::int64_t groups = 0;  ///< required; divides C
  std::string name = {};

  static constexpr std::string_view kType = "ChannelShuffle";
  static void describe(Fields<ChannelShuffle>&);
};
LayerTraits traits(const ChannelShuffle&);
Value build(const ChannelShuffle&, LayerBuilder&, Value x);

}  // namespace evenkeel
