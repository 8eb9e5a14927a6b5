#pragma once

#include <span>

#include "evenkeel/base/philox.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/matrix.h"

namespace evenkeel::kernels {

/// Inverted dropout: y[i] = x[i] / (1 - rate) where element i of the stream `key` is >= rate * 2^32, else 0.
/// The mask is a pure function of the key and i, so the backward pass is the same call on dy; it is never stored.
/// rate in [0, 1). May be the same memory. A dropped NaN becomes 0.
template <class T = float>
void dropout(In<T> x, float rate, const RandomKey& key, Out<T> y, const Threads& threads);

/// The smallest 32-bit number that keeps an element.
inline std::uint32_t dropout_threshold(float rate) { return static_cast<std::uint32_t>(double{rate} * 0x1p32); }

}  // namespace evenkeel::kernels
