#include "evenkeel/kernels/normalization/group_norm_reference.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace evenkeel::kernels::reference {
namespace {

/// Calls body(element, channel) for the elements of group g, counted through all samples.
template <class Body>
void for_group(const Grouping& grouping, std::int64_t g, Body body) {
  const std::int64_t sample = g / grouping.groups, first = g % grouping.groups * grouping.width();
  for (std::int64_t p = 0; p < grouping.positions; ++p)
    for (std::int64_t c = first; c < first + grouping.width(); ++c)
      body(static_cast<std::size_t>((sample * grouping.positions + p) * grouping.channels + c),
           static_cast<std::size_t>(c));
}

}  // namespace

template <class T>
void group_norm(std::span<const T> x, const Grouping& grouping, double epsilon, std::span<const T> gamma,
                std::span<const T> beta, std::span<T> y, std::span<T> mean, std::span<T> inv_std) {
  const auto n = static_cast<double>(grouping.group_size());
  for (std::int64_t g = 0; g < grouping.statistics(); ++g) {
    double center = 0, squares = 0;
    if (grouping.centered) for_group(grouping, g, [&](std::size_t i, std::size_t) { center += double{x[i]} / n; });
    const auto apart = [&](std::size_t i) { return double{x[i]} - center; };
    for_group(grouping, g, [&](std::size_t i, std::size_t) { squares += apart(i) * apart(i); });
    const double scale = 1 / std::sqrt(squares / n + epsilon);
    for_group(grouping, g, [&](std::size_t i, std::size_t c) {
      y[i] = static_cast<T>(double{gamma[c]} * apart(i) * scale + double{beta[c]});
    });
    mean[static_cast<std::size_t>(g)] = static_cast<T>(center);
    inv_std[static_cast<std::size_t>(g)] = static_cast<T>(scale);
  }
}

template <class T>
void group_norm_gradient(std::span<const T> x, std::span<const T> dy, const Grouping& grouping,
                         std::span<const T> gamma, std::span<const T> mean, std::span<const T> inv_std, std::span<T> dx,
                         std::span<T> dgamma, std::span<T> dbeta) {
  const auto n = static_cast<double>(grouping.group_size());
  std::vector<double> of_gamma(dgamma.size()), of_beta(dbeta.size());
  for (std::int64_t g = 0; g < grouping.statistics(); ++g) {
    const double center = double{mean[static_cast<std::size_t>(g)]},
                 scale = double{inv_std[static_cast<std::size_t>(g)]};
    const auto h = [&](std::size_t i) { return (double{x[i]} - center) * scale; };
    double dz_mean = 0, dzh_mean = 0;
    for_group(grouping, g, [&](std::size_t i, std::size_t c) {
      of_beta[c] += double{dy[i]};
      of_gamma[c] += double{dy[i]} * h(i);
      if (grouping.centered) dz_mean += double{gamma[c]} * double{dy[i]} / n;
      dzh_mean += double{gamma[c]} * double{dy[i]} * h(i) / n;
    });
    for_group(grouping, g, [&](std::size_t i, std::size_t c) {
      dx[i] = static_cast<T>(scale * (double{gamma[c]} * double{dy[i]} - dz_mean - h(i) * dzh_mean));
    });
  }
  std::ranges::transform(of_gamma, dgamma.begin(), [](double v) { return static_cast<T>(v); });
  std::ranges::transform(of_beta, dbeta.begin(), [](double v) { return static_cast<T>(v); });
}

#define INSTANTIATE(T)                                                                                           \
  template void group_norm(std::span<const T>, const Grouping&, double, std::span<const T>, std::span<const T>,  \
                           std::span<T>, std::span<T>, std::span<T>);                                            \
  template void group_norm_gradient(std::span<const T>, std::span<const T>, const Grouping&, std::span<const T>, \
                                    std::span<const T>, std::span<const T>, std::span<T>, std::span<T>, std::span<T>);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::kernels::reference
