#pragma once

#include <cstdint>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/kernels/layer_mode.h"

namespace evenkeel {

/// Everything that may change from one run of a program to the next, besides its inputs.
struct StepContext {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;        ///< training step, from 0; dropout masks depend on it
  double learning_rate = 0;      ///< of this step
  std::vector<LayerMode> modes;  ///< by layer index in the description

  /// The layer's mode. Throws Error if `modes` has none for it.
  const LayerMode& mode(int layer) const {
    if (static_cast<std::size_t>(layer) >= modes.size())
      throw Error{{.where = "step",
                   .expected = "a mode for every layer, including number " + std::to_string(layer),
                   .received = std::to_string(modes.size()) + " modes"}};
    return modes[static_cast<std::size_t>(layer)];
  }
};

}  // namespace evenkeel
