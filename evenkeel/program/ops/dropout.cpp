#include "evenkeel/program/ops/dropout.h"

#include <fmt/format.h>

#include "evenkeel/kernels/noise/dropout_reference.h"
#include "evenkeel/program/autodiff.h"

namespace evenkeel::ops {

std::string Dropout::detail() const { return fmt::format("rate {:g}", rate_); }

void Dropout::differentiate(Gradients& g) const { g.add(0, g.emit_one(Dropout(*this), {g.of_output(0)})); }

Kernel Dropout::choose(const KernelRequest& request) const {
  const auto rate = static_cast<float>(rate_);
  return kernel_of(
      request, Purpose::dropout,
      [rate]<class T>(std::span<const T> x, const RandomKey& key, std::span<T> y, const Threads& threads) {
        kernels::dropout<T>(x, rate, key, y, threads);
      },
      [rate](std::span<const double> x, const RandomKey& key, std::span<double> y) {
        kernels::reference::dropout<double>(x, rate, key, y);
      });
}

std::string SpatialDropout::detail() const { return fmt::format("rate {:g}", rate_); }

void SpatialDropout::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(SpatialDropout(*this), {g.of_output(0)}));
}

Kernel SpatialDropout::choose(const KernelRequest& request) const {
  const Shape& x = request.inputs[0].shape;
  const std::int64_t channels = x.back(), rows = x.size() / channels, positions = rows / x[0];
  const auto rows_of = [=](auto values) { return kernels::Matrix{values.data(), rows, channels}; };
  return kernel_of(
      request, Purpose::dropout,
      [=, rate = static_cast<float>(rate_)]<class T>(std::span<const T> x_of, const RandomKey& key, std::span<T> y,
                                                     const Threads& threads) {
        kernels::spatial_dropout<T>(rows_of(x_of), positions, rate, key, rows_of(y), threads);
      },
      [=, rate = static_cast<float>(rate_)](std::span<const double> x_of, const RandomKey& key, std::span<double> y) {
        kernels::reference::spatial_dropout<double>(rows_of(x_of), positions, double{rate}, key, rows_of(y));
      });
}

std::string GaussianDropout::detail() const { return fmt::format("deviation {:g}", deviation_); }

void GaussianDropout::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(GaussianDropout(*this), {g.of_output(0)}));
}

Kernel GaussianDropout::choose(const KernelRequest& request) const {
  const auto deviation = static_cast<float>(deviation_);
  return kernel_of(
      request, Purpose::dropout,
      [deviation]<class T>(std::span<const T> x, const RandomKey& key, std::span<T> y, const Threads& threads) {
        kernels::gaussian_dropout<T>(x, deviation, key, y, threads);
      },
      [deviation](std::span<const double> x, const RandomKey& key, std::span<double> y) {
        kernels::reference::gaussian_dropout<double>(x, double{deviation}, key, y);
      });
}

std::string AffineDropout::detail() const {
  return fmt::format("rate {:g}, {:g} x + {:g}, dropped {:g}", rate_, outcome_.scale, outcome_.offset,
                     outcome_.dropped);
}

void AffineDropout::differentiate(Gradients& g) const {
  const kernels::KeptAndDropped slope{.scale = outcome_.scale};
  g.add(0, g.emit_one(AffineDropout(layer(), rate_, slope), {g.of_output(0)}));
}

Kernel AffineDropout::choose(const KernelRequest& request) const {
  const auto rate = static_cast<float>(rate_);
  return kernel_of(
      request, Purpose::dropout,
      [=, outcome = outcome_]<class T>(std::span<const T> x, const RandomKey& key, std::span<T> y,
                                       const Threads& threads) {
        kernels::affine_dropout<T>(x, rate, outcome, key, y, threads);
      },
      [=, outcome = outcome_](std::span<const double> x, const RandomKey& key, std::span<double> y) {
        kernels::reference::affine_dropout<double>(x, double{rate}, outcome, key, y);
      });
}

}  // namespace evenkeel::ops
