#include "evenkeel/kernels/normalization/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace evenkeel::kernels {

template <class T>
void weighted_sum(Matrix<const T> rows, std::span<const double> weights, std::span<T> to) {
  for (std::size_t c = 0; c < to.size(); ++c) {
    double sum = 0;
    for (std::int64_t row = 0; row < rows.rows; ++row)
      sum += weights[static_cast<std::size_t>(row)] * double{rows.row(row)[c]};
    to[c] = static_cast<T>(sum);
  }
}

template <class T>
void inverse_deviations(std::span<const T> variance, double epsilon, std::span<T> inverse) {
  for (std::size_t i = 0; i < inverse.size(); ++i) {
    const double sum = static_cast<double>(variance[i]) + epsilon;
    inverse[i] = sum > 0 ? static_cast<T>(1.0 / std::sqrt(sum)) : std::numeric_limits<T>::quiet_NaN();
  }
}

template <class T>
void follow(std::span<T> moving, std::span<const T> batch, double momentum, double factor) {
  for (std::size_t i = 0; i < moving.size(); ++i)
    moving[i] = static_cast<T>(momentum * moving[i] + (1.0 - momentum) * factor * batch[i]);
}

template <class T>
void renormalization(std::span<const T> mean, std::span<const T> variance, std::span<const T> moving_mean,
                     std::span<const T> moving_variance, const RenormalizationLimits& limits, std::span<T> r,
                     std::span<T> d) {
  for (std::size_t i = 0; i < r.size(); ++i) {
    const double deviation = std::sqrt(double{variance[i]} + limits.epsilon);
    const double moving_deviation = std::sqrt(double{moving_variance[i]} + limits.epsilon);
    const double shift = (double{mean[i]} - double{moving_mean[i]}) / moving_deviation;
    r[i] = static_cast<T>(std::clamp(deviation / moving_deviation, 1 / limits.r_max, limits.r_max));
    d[i] = static_cast<T>(std::clamp(shift, -limits.d_max, limits.d_max));
  }
}

template <class T>
void scale_and_shift(std::span<const T> gamma, std::span<const T> beta, std::span<const T> mean,
                     std::span<const T> inv_std, std::span<T> scale, std::span<T> shift) {
  for (std::size_t i = 0; i < mean.size(); ++i) {
    scale[i] = gamma.empty() ? inv_std[i] : gamma[i] * inv_std[i];
    shift[i] = (beta.empty() ? T{0} : beta[i]) - mean[i] * scale[i];
  }
}

template <class T>
void data_gradient_coefficients(std::span<const T> gamma, std::span<const T> inv_std, std::span<const T> dgamma,
                                std::span<const T> dbeta, std::int64_t rows, std::span<T> a, std::span<T> b,
                                std::span<T> c0) {
  const T share = rows > 0 ? T{1} / static_cast<T>(rows) : T{0};
  for (std::size_t i = 0; i < inv_std.size(); ++i) {
    a[i] = gamma.empty() ? inv_std[i] : gamma[i] * inv_std[i];
    b[i] = -a[i] * inv_std[i] * dgamma[i] * share;
    c0[i] = -a[i] * dbeta[i] * share;
  }
}

template <class T>
void moments_gradient_coefficients(std::span<const T> dmean, std::span<const T> dvariance, std::int64_t rows,
                                   std::span<T> a, std::span<T> b, std::span<T> c0) {
  const T share = T{1} / static_cast<T>(rows);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = 0;
    b[i] = dvariance.empty() ? T{0} : 2 * dvariance[i] * share;
    c0[i] = dmean.empty() ? T{0} : dmean[i] * share;
  }
}

#define INSTANTIATE(T)                                                            \
  template decltype(weighted_sum<T>) weighted_sum<T>;                             \
  template decltype(inverse_deviations<T>) inverse_deviations<T>;                 \
  template decltype(follow<T>) follow<T>;                                         \
  template decltype(renormalization<T>) renormalization<T>;                       \
  template decltype(scale_and_shift<T>) scale_and_shift<T>;                       \
  template decltype(data_gradient_coefficients<T>) data_gradient_coefficients<T>; \
  template decltype(moments_gradient_coefficients<T>) moments_gradient_coefficients<T>;
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::kernels
