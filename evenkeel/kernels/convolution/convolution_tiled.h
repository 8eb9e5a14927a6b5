#pragma once

#include <optional>

#include "evenkeel/kernels/convolution/convolution.h"

// Direct convolution with register tiles of our own (matmul/register_tiles.h), in float. On processors with AVX2 alone
// oneDNN 2.6's kernels reach 45 to 65 % of the peak. With AVX-512 they reach more than these do.

namespace evenkeel::kernels::tiled {

/// Whether this processor multiplies floats faster with our tiles than with oneDNN.
inline bool repays_tiles(const Machine& machine) { return machine.avx2 && !machine.avx512; }

/// Where they are faster than oneDNN on such a processor (measured: docs/kernels/tiles.md).
std::optional<PreparedForward<float>> convolution(const Window& window, std::int64_t filters, bool bias, Activation f,
                                                  const Machine& machine, const Threads& threads);
std::optional<PreparedDataGradient<float>> convolution_data_gradient(const Window& window, std::int64_t filters,
                                                                     const Machine& machine, const Threads& threads);

/// The same for any window without groups, on any processor.
PreparedForward<float> prepare_convolution(const Window& window, std::int64_t filters, Activation f,
                                           const Threads& threads);
PreparedDataGradient<float> prepare_data_gradient(const Window& window, std::int64_t filters, const Threads& threads);

}  // namespace evenkeel::kernels::tiled
