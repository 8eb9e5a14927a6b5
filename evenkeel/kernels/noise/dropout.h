#pragma once

#include <span>

#include "evenkeel/base/philox.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/scratch.h"

namespace evenkeel::kernels {

// The noise of a part of a batch: x is then the elements of the stream from `first` on, which is a multiple of 4 (but
// for spatial_dropout, where any number is right).

/// Inverted dropout: y[i] = x[i] / (1 - rate) where element i of the stream `key` is >= rate * 2^32, else 0.
/// The mask is a pure function of the key and i, so the backward pass is the same call on dy; it is never stored.
/// rate in [0, 1). May be the same memory. A dropped NaN becomes 0.
template <class T = float>
void dropout(In<T> x, float rate, const RandomKey& key, Out<T> y, const Threads& threads, std::int64_t first = 0);

/// Bytes of scratch memory that spatial_dropout needs for each thread.
std::size_t spatial_dropout_range_bytes(std::int64_t channels);

/// The same with one mask for all positions of a channel: x [samples * positions, channels], and channel c of sample n
/// has element n * channels + c of the stream.
template <class T = float>
void spatial_dropout(InRows<T> x, std::int64_t positions, float rate, const RandomKey& key, OutRows<T> y,
                     const Threads& threads, Scratch scratch = {}, std::int64_t first = 0);

/// y[i] = x[i] * (1 + deviation * z), where z is the stream's i-th normal number (RandomStream::normal). The factor is
/// exact to 3e-6 of its deviation, and three roundings. It is a pure function of the key and i, as dropout's mask is. x
/// and y may be the same memory.
template <class T = float>
void gaussian_dropout(In<T> x, float deviation, const RandomKey& key, Out<T> y, const Threads& threads,
                      std::int64_t first = 0);

/// What the elements that a mask keeps become, and what the others become.
struct KeptAndDropped {
  float scale = 1, offset = 0;  ///< kept: scale * x + offset
  float dropped = 0;            ///< dropped: this value
};

/// Dropout's mask with other values for kept and dropped elements. May be the same memory.
template <class T = float>
void affine_dropout(In<T> x, float rate, const KeptAndDropped& outcome, const RandomKey& key, Out<T> y,
                    const Threads& threads, std::int64_t first = 0);

/// The smallest 32-bit number that keeps an element.
inline std::uint32_t dropout_threshold(float rate) { return static_cast<std::uint32_t>(double{rate} * 0x1p32); }

}  // namespace evenkeel::kernels
