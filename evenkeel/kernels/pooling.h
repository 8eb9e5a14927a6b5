#pragma once

#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/window.h"

namespace evenkeel::kernels {

/// y [n, oh, ow, c] = maximum over the window of x [n, h, w, c]; padding never wins. NaN in a window makes NaN.
void max_pool(const Window& window, std::span<const float> x, std::span<float> y, const Threads& threads);

/// dx: each dy goes to the first element (row-major) of its window that equals y; overlapping windows add up.
/// The place of the maximum is found again from x and y: no index workspace. dx is overwritten; it may not overlap.
void max_pool_gradient(const Window& window, std::span<const float> x, std::span<const float> y,
                       std::span<const float> dy, std::span<float> dx, const Threads& threads);

/// y = mean over the part of the window that lies inside the image (padding is not counted, as in Keras).
void average_pool(const Window& window, std::span<const float> x, std::span<float> y, const Threads& threads);

/// dx: each dy divided by the number of elements it averaged, spread over them. dx is overwritten; no overlap.
void average_pool_gradient(const Window& window, std::span<const float> dy, std::span<float> dx,
                           const Threads& threads);

}  // namespace evenkeel::kernels
