#pragma once

#include <optional>

#include "evenkeel/kernels/convolution/convolution.h"

// The data gradient of a convolution from few channels (such as normalized colour images) to many: a product dy [oh *
// ow, filters] times the transposed kernel gives what each output pixel adds to the pixels in its window, [oh * ow,
// kernel_h * kernel_w * c]. These columns are added up in place, an image or a few at a time, so that they stay in the
// cache. oneDNN's own kernel always computes multiples of 16 channels.

namespace evenkeel::kernels::as_matmul {

std::optional<PreparedDataGradient<float>> columns_data_gradient(const Window& window, std::int64_t filters,
                                                                 const Machine& machine, const Threads& threads);

}  // namespace evenkeel::kernels::as_matmul
