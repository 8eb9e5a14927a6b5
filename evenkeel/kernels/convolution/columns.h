#pragma once

#include <optional>

#include "evenkeel/kernels/convolution/convolution.h"

// The data gradient of a convolution from few channels (colour images behind a normalization) to many: a product
// dy [oh * ow, filters] times the transposed kernel gives what each output pixel adds to the pixels it saw,
// [oh * ow, kernel_h * kernel_w * c]; these columns are added up in place, an image or a few at a time, so that they
// stay in the cache. oneDNN's own kernel computes 16 channels whether they are there or not.

namespace evenkeel::kernels::as_matmul {

std::optional<PreparedDataGradient<float>> columns_data_gradient(const Window& window, std::int64_t filters,
                                                                 const Machine& machine, const Threads& threads);

}  // namespace evenkeel::kernels::as_matmul
