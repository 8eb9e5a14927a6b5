#pragma once

#include <string>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

/// Channels [begin, begin + count) of the input. Input [N, ..., C], output [N, ..., count]. Throws Error if the input
/// has fewer. Keras and PyTorch write x[..., begin:begin + count]; two of them are PyTorch's chunk.
struct SliceChannels {
  std::int64_t begin = 0;
  std::int64_t count = 0;  ///< required
  std::string name = {};

  static constexpr std::string_view kType = "SliceChannels";
  static void describe(Fields<SliceChannels>&);
};
LayerTraits traits(const SliceChannels&);
Value build(const SliceChannels&, LayerBuilder&, Value x);

}  // namespace evenkeel
