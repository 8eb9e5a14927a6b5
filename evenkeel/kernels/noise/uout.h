#pragma once

#include <span>

#include "evenkeel/base/philox.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/matrix.h"

namespace evenkeel::kernels {

/// Uout (Li et al. 2019): y[i] = x[i] * (1 + r), r uniform in [-beta, beta). r is beta / 2^31 times element i of the
/// stream `key`, read as a signed number. A pure function of the key and i, so the backward pass is the same call on
/// dy; r is never stored. beta >= 0. May be the same memory. Each y is exact to 3 roundings of x (|x| * (1 + beta) *
/// 2^-24 each).
template <class T = float>
void uout(In<T> x, float beta, const RandomKey& key, Out<T> y, const Threads& threads, std::int64_t first = 0);

}  // namespace evenkeel::kernels
