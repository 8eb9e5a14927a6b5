#pragma once

#include <span>

#include "evenkeel/base/philox.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/noise/dropout.h"
#include "evenkeel/tensor/shape.h"

// What dropout.h promises, computed in double, with any `first`. For T float and double.

namespace evenkeel::kernels::reference {

/// The mask is that of the float32 kernel: `rate` is rounded to float for it.
template <class T>
void dropout(std::span<const T> x, double rate, const RandomKey& key, std::span<T> y, std::int64_t first = 0);

template <class T>
void spatial_dropout(Matrix<const T> x, std::int64_t positions, double rate, const RandomKey& key, Matrix<T> y,
                     std::int64_t first = 0);

/// x of a shape, and a mask with as many axes that has 1 where it is repeated. Also for bfloat16.
template <class T>
void shared_dropout(std::span<const T> x, const Shape& shape, const Shape& mask, double rate, const RandomKey& key,
                    std::span<T> y, std::int64_t first = 0);

template <class T>
void gaussian_dropout(std::span<const T> x, double deviation, const RandomKey& key, std::span<T> y,
                      std::int64_t first = 0);

/// `outcome` is float32, so that both precisions compute with the same numbers.
template <class T>
void affine_dropout(std::span<const T> x, double rate, const KeptAndDropped& outcome, const RandomKey& key,
                    std::span<T> y, std::int64_t first = 0);

}  // namespace evenkeel::kernels::reference
