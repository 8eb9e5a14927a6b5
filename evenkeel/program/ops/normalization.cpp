#include "evenkeel/program/ops/normalization.h"

#include <cmath>

#include "evenkeel/kernels/normalization/batch_norm.h"
#include "evenkeel/kernels/normalization/batch_norm_reference.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::ops {
namespace {

using kernels::Matrix;

template <class T>
void moments(Matrix<const T> x, std::span<Precise<T>> mean, std::span<Precise<T>> variance, const Threads& threads) {
  if constexpr (std::is_same_v<T, double>)
    kernels::reference::channel_moments<double>(x, mean, variance);
  else
    kernels::channel_moments<T>(x, mean, variance, threads);
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
ScaleAndShift<Precise<T>> normalize_by(const KernelCall& call, const LayerMode& mode, double epsilon) {
  using S = Precise<T>;
  const std::span<S> mean = call.out<S>(1), inv_std = call.out<S>(2), batch_mean = call.out<S>(3),
                     batch_variance = call.out<S>(4);
  if (mode.statistics == Statistics::batch || mode.update_statistics)
    moments<T>(call.in_rows<T>(0), batch_mean, batch_variance, call.threads());
  std::span<const S> from_mean = batch_mean, from_variance = batch_variance;
  if (mode.statistics != Statistics::batch) {
    const int at = mode.statistics == Statistics::moving ? 3 : 5;
    from_mean = call.in<S>(at);
    from_variance = call.in<S>(at + 1);
  }
  for (std::size_t i = 0; i < mean.size(); ++i) {
    mean[i] = from_mean[i];
    inv_std[i] = static_cast<S>(1.0 / std::sqrt(static_cast<double>(from_variance[i]) + epsilon));
  }
  return scale_and_shift<S>(call, optional_in<S>(call, 1), optional_in<S>(call, 2), mean, inv_std);
}

template <class S>
ScaleAndShift<S> scale_and_shift(const KernelCall& call, std::span<const S> gamma, std::span<const S> beta,
                                 std::span<const S> mean, std::span<const S> inv_std) {
  const auto scale = scratch_row<S>(call, 0, mean.size()), shift = scratch_row<S>(call, 1, mean.size());
  for (std::size_t i = 0; i < mean.size(); ++i) {
    scale[i] = gamma.empty() ? inv_std[i] : gamma[i] * inv_std[i];
    shift[i] = (beta.empty() ? S{0} : beta[i]) - mean[i] * scale[i];
  }
  return {scale, shift};
}

template <class S>
DataGradientCoefficients<S> data_gradient_coefficients(const KernelCall& call, const LayerMode& mode,
                                                       std::span<const S> gamma, std::span<const S> inv_std,
                                                       std::span<const S> dgamma, std::span<const S> dbeta,
                                                       std::int64_t rows, int first_row) {
  const auto row = [&](int i) { return scratch_row<S>(call, first_row + i, inv_std.size()); };
  const DataGradientCoefficients<S> result{row(0), row(1), row(2)};
  // Statistics that do not depend on x pass the gradient through them: the last two terms vanish.
  const S share = mode.statistics == Statistics::batch ? S{1} / static_cast<S>(rows) : S{0};
  for (std::size_t i = 0; i < inv_std.size(); ++i) {
    const S a = gamma.empty() ? inv_std[i] : gamma[i] * inv_std[i];
    result.a[i] = a;
    result.b[i] = -a * inv_std[i] * dgamma[i] * share;
    result.c0[i] = -a * dbeta[i] * share;
  }
  return result;
}

template ScaleAndShift<float> normalize_by<float>(const KernelCall&, const LayerMode&, double);
template ScaleAndShift<float> normalize_by<bfloat16>(const KernelCall&, const LayerMode&, double);
template ScaleAndShift<double> normalize_by<double>(const KernelCall&, const LayerMode&, double);

#define INSTANTIATE(S)                                                                                    \
  template ScaleAndShift<S> scale_and_shift<S>(const KernelCall&, std::span<const S>, std::span<const S>, \
                                               std::span<const S>, std::span<const S>);                   \
  template DataGradientCoefficients<S> data_gradient_coefficients<S>(                                     \
      const KernelCall&, const LayerMode&, std::span<const S>, std::span<const S>, std::span<const S>,    \
      std::span<const S>, std::int64_t, int);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::ops
