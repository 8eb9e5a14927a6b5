#pragma once

#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/resize/taps.h"
#include "evenkeel/kernels/scratch.h"

namespace evenkeel::kernels {

/// Images [n, h, w, c] whose rows and columns are mapped, each channel by itself: [n, rows.outputs(),
/// columns.outputs(), c]. Resizing, padding, cropping and means over windows are such maps; so are their gradients, by
/// the transposed taps.
struct Resampling {
  std::int64_t n = 0, c = 0;
  Taps rows, columns;
};

/// Bytes of scratch memory: a row of images for each thread.
std::size_t resample_scratch(const Resampling& map, const Threads& threads);

/// y = the sum of row weight * column weight * x over the taps of its row and column. Sums are in float, for bfloat16
/// too; a copy is exact. Any c >= 1; y may not overlap x. The same bits for every thread count.
template <class T = float>
void resample(const Resampling& map, In<T> x, Out<T> y, const Threads& threads, Scratch scratch = {});

}  // namespace evenkeel::kernels
