#pragma once

#include <optional>

#include "evenkeel/kernels/convolution/convolution.h"

// 3x3 convolutions with stride 1 in Winograd's form F(2x2, 3x3): 4 multiplications for an output instead of 9
// (docs/kernels/tiles.md). Lavin and Gray 2015. Sums are of other numbers than in the direct form: in the 2-norm the
// rounding is at most twice that. A NaN or an infinity reaches all four outputs of a tile.

namespace evenkeel::kernels::winograd {

/// Where it repays its transformations.
std::optional<PreparedForward<float>> convolution(const Window& window, std::int64_t filters, bool bias, Activation f,
                                                  const Machine& machine, const Threads& threads);
std::optional<PreparedDataGradient<float>> convolution_data_gradient(const Window& window, std::int64_t filters,
                                                                     const Machine& machine, const Threads& threads);

/// The same for any 3x3 window with stride 1, without groups or dilation, on any processor.
PreparedForward<float> prepare_convolution(const Window& window, std::int64_t filters, Activation f,
                                           const Threads& threads);
PreparedDataGradient<float> prepare_data_gradient(const Window& window, std::int64_t filters, const Threads& threads);

}  // namespace evenkeel::kernels::winograd
