#pragma once

#include <cstddef>
#include <span>

#include "evenkeel/program/kernel.h"

// What the ops that normalize have in common: which statistics a run uses, and what follows from them per channel. For
// element types T; numbers per channel are Precise<T> (S). They per channel lie in the call's scratch memory, one row
// of it for each.

namespace evenkeel::ops {

std::size_t scratch_for(int rows, std::int64_t channels);

/// z = x * scale + shift
template <class S>
struct ScaleAndShift {
  std::span<S> scale, shift;
};

/// dx = a * dz + b * (x - mean) + c0
template <class S>
struct DataGradientCoefficients {
  std::span<S> a, b, c0;
};

/// Computes the batch's statistics where the mode uses or follows them, and chooses. The call is BatchNorm's (inputs x,
/// gamma, beta, moving and supplied statistics; outputs 1 to 4 are filled). Takes scratch rows 0 and 1.
template <class T>
ScaleAndShift<Precise<T>> normalize_by(const KernelCall& call, const LayerMode& mode, double epsilon);

/// The same from what the forward used. gamma and beta may be empty: 1 and 0. Takes scratch rows 0 and 1.
template <class S>
ScaleAndShift<S> scale_and_shift(const KernelCall& call, std::span<const S> gamma, std::span<const S> beta,
                                 std::span<const S> mean, std::span<const S> inv_std);

/// For x of `rows` numbers per channel. Takes three scratch rows from `first_row` on.
template <class S>
DataGradientCoefficients<S> data_gradient_coefficients(const KernelCall& call, const LayerMode& mode,
                                                       std::span<const S> gamma, std::span<const S> inv_std,
                                                       std::span<const S> dgamma, std::span<const S> dbeta,
                                                       std::int64_t rows, int first_row);

/// An operand that may be absent: then empty.
template <class T>
std::span<const T> optional_in(const KernelCall& call, int i) {
  return call.has(i) ? call.in<T>(i) : std::span<const T>();
}

}  // namespace evenkeel::ops
