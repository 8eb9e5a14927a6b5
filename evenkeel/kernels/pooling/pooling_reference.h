#pragma once

#include <span>

#include "evenkeel/kernels/window.h"

// What pooling.h promises, computed in double. For T float and double. A window wholly in the padding has the
// maximum -infinity.

namespace evenkeel::kernels::reference {

template <class T>
void max_pool(const Window& window, std::span<const T> x, std::span<T> y);

template <class T>
void max_pool_gradient(const Window& window, std::span<const T> x, std::span<const T> y, std::span<const T> dy,
                       std::span<T> dx);

template <class T>
void average_pool(const Window& window, std::span<const T> x, std::span<T> y);

template <class T>
void average_pool_gradient(const Window& window, std::span<const T> dy, std::span<T> dx);

}  // namespace evenkeel::kernels::reference
