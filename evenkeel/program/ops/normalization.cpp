#include "evenkeel/program/ops/normalization.h"

#include <cmath>

#include "evenkeel/kernels/batch_norm.h"
#include "evenkeel/kernels/reference/batch_norm.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::ops {
namespace {

using kernels::Matrix;

void moments(Matrix<const float> x, std::span<float> mean, std::span<float> variance, const Threads& threads) {
  kernels::channel_moments(x, mean, variance, threads);
}
void moments(Matrix<const double> x, std::span<double> mean, std::span<double> variance, const Threads&) {
  kernels::reference::channel_moments<double>(x, mean, variance);
}

std::size_t row_bytes(std::size_t channels) { return aligned_size(channels * sizeof(double)); }

template <class T>
std::span<T> scratch_row(const KernelCall& call, int i, std::size_t channels) {
  return {reinterpret_cast<T*>(call.scratch() + static_cast<std::size_t>(i) * row_bytes(channels)), channels};
}

}  // namespace

std::size_t scratch_for(int rows, std::int64_t channels) {
  return static_cast<std::size_t>(rows) * row_bytes(static_cast<std::size_t>(channels));
}

template <class T>
ScaleAndShift<T> normalize_by(const KernelCall& call, const LayerMode& mode, double epsilon) {
  const std::span<T> mean = call.out<T>(1), inv_std = call.out<T>(2), batch_mean = call.out<T>(3),
                     batch_variance = call.out<T>(4);
  if (mode.statistics == Statistics::batch || mode.update_statistics)
    moments(call.in_rows<T>(0), batch_mean, batch_variance, call.threads());
  std::span<const T> from_mean = batch_mean, from_variance = batch_variance;
  if (mode.statistics != Statistics::batch) {
    const int at = mode.statistics == Statistics::moving ? 3 : 5;
    from_mean = call.in<T>(at);
    from_variance = call.in<T>(at + 1);
  }
  for (std::size_t i = 0; i < mean.size(); ++i) {
    mean[i] = from_mean[i];
    inv_std[i] = static_cast<T>(1.0 / std::sqrt(static_cast<double>(from_variance[i]) + epsilon));
  }
  return scale_and_shift<T>(call, optional_in<T>(call, 1), optional_in<T>(call, 2), mean, inv_std);
}

template <class T>
ScaleAndShift<T> scale_and_shift(const KernelCall& call, std::span<const T> gamma, std::span<const T> beta,
                                 std::span<const T> mean, std::span<const T> inv_std) {
  const auto scale = scratch_row<T>(call, 0, mean.size()), shift = scratch_row<T>(call, 1, mean.size());
  for (std::size_t i = 0; i < mean.size(); ++i) {
    scale[i] = gamma.empty() ? inv_std[i] : gamma[i] * inv_std[i];
    shift[i] = (beta.empty() ? T{0} : beta[i]) - mean[i] * scale[i];
  }
  return {scale, shift};
}

template <class T>
DataGradientCoefficients<T> data_gradient_coefficients(const KernelCall& call, const LayerMode& mode,
                                                       std::span<const T> gamma, std::span<const T> inv_std,
                                                       std::span<const T> dgamma, std::span<const T> dbeta,
                                                       std::int64_t rows, int first_row) {
  const auto row = [&](int i) { return scratch_row<T>(call, first_row + i, inv_std.size()); };
  const DataGradientCoefficients<T> result{row(0), row(1), row(2)};
  // Statistics that do not depend on x pass the gradient through them: the last two terms vanish.
  const T share = mode.statistics == Statistics::batch ? T{1} / static_cast<T>(rows) : T{0};
  for (std::size_t i = 0; i < inv_std.size(); ++i) {
    const T a = gamma.empty() ? inv_std[i] : gamma[i] * inv_std[i];
    result.a[i] = a;
    result.b[i] = -a * inv_std[i] * dgamma[i] * share;
    result.c0[i] = -a * dbeta[i] * share;
  }
  return result;
}

#define INSTANTIATE(T)                                                                                    \
  template ScaleAndShift<T> normalize_by<T>(const KernelCall&, const LayerMode&, double);                 \
  template ScaleAndShift<T> scale_and_shift<T>(const KernelCall&, std::span<const T>, std::span<const T>, \
                                               std::span<const T>, std::span<const T>);                   \
  template DataGradientCoefficients<T> data_gradient_coefficients<T>(                                     \
      const KernelCall&, const LayerMode&, std::span<const T>, std::span<const T>, std::span<const T>,    \
      std::span<const T>, std::int64_t, int);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::ops
