#pragma once

#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/scratch.h"
#include "evenkeel/kernels/window.h"

namespace evenkeel::kernels {

/// Bytes of scratch memory that each of these needs: a row of an image for each thread.
std::size_t pooling_scratch(const Window& window, const Threads& threads);

/// y [n, oh, ow, c] = maximum over the window of x [n, h, w, c], without padding. If a window has NaN, its y is NaN.
template <class T = float>
void max_pool(const Window& window, In<T> x, Out<T> y, const Threads& threads, Scratch scratch = {});

/// dx: each dy goes to the first element (row-major) of its window that equals y; overlapping windows add up.
/// The place of the maximum is found again from x and y: no index workspace. dx is overwritten; it may not overlap.
template <class T = float>
void max_pool_gradient(const Window& window, In<T> x, In<T> y, In<T> dy, Out<T> dx, const Threads& threads);

/// y = mean over the part of the window that lies inside the image (padding is not counted, as in Keras).
template <class T = float>
void average_pool(const Window& window, In<T> x, Out<T> y, const Threads& threads, Scratch scratch = {});

/// dx: each element of a window gets dy divided by the number of elements that were averaged. dx is overwritten; no
/// overlap.
template <class T = float>
void average_pool_gradient(const Window& window, In<T> dy, Out<T> dx, const Threads& threads, Scratch scratch = {});

}  // namespace evenkeel::kernels
