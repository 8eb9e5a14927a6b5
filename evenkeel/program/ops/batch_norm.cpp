#include "evenkeel/program/ops/batch_norm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/kernels/batch_norm.h"
#include "evenkeel/kernels/reference/batch_norm.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/infer.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::ops {
namespace {

using kernels::Activation;
using kernels::Matrix;

// The passes over memory, named alike for all types, so that what is around them is written once. S: the type of
// statistics, T or float.

template <class T, class S>
void moments(Matrix<const T> x, std::span<S> mean, std::span<S> variance, const Threads& threads) {
  if constexpr (std::is_same_v<T, double>)
    kernels::reference::channel_moments<double>(x, mean, variance);
  else
    kernels::channel_moments<T>(x, mean, variance, threads);
}

template <class T, class S>
void normalize(Matrix<const T> x, std::span<const S> scale, std::span<const S> shift, Activation f, Matrix<T> y,
               const Threads& threads) {
  if constexpr (std::is_same_v<T, double>)
    kernels::reference::scale_shift<double>(x, scale, shift, f, y);
  else
    kernels::scale_shift<T>(x, scale, shift, f, y, threads);
}

template <class T, class S>
void sums(Matrix<const T> x, Matrix<const T> y, Matrix<const T> dy, std::span<const S> mean, std::span<const S> inv_std,
          Activation f, std::span<S> dgamma, std::span<S> dbeta, const Threads& threads) {
  if constexpr (std::is_same_v<T, double>)
    kernels::reference::batch_norm_sums<double>(x, y, dy, mean, inv_std, f, dgamma, dbeta);
  else
    kernels::batch_norm_sums<T>(x, y, dy, mean, inv_std, f, dgamma, dbeta, threads);
}

template <class T, class S>
void data_gradient(Matrix<const T> x, Matrix<const T> y, Matrix<const T> dy, std::span<const S> mean,
                   std::span<const S> a, std::span<const S> b, std::span<const S> c0, Activation f, Matrix<T> dx,
                   const Threads& threads) {
  if constexpr (std::is_same_v<T, double>)
    kernels::reference::batch_norm_data_gradient<double>(x, y, dy, mean, a, b, c0, f, dx);
  else
    kernels::batch_norm_data_gradient<T>(x, y, dy, mean, a, b, c0, f, dx, threads);
}

template <class T>
std::span<T> scratch_row(const KernelCall& c, int i, std::int64_t channels) {
  std::byte* row = c.scratch() + static_cast<std::size_t>(i) * aligned_size(static_cast<std::size_t>(channels) * 8);
  return {reinterpret_cast<T*>(row), static_cast<std::size_t>(channels)};
}

std::size_t scratch_for(int rows, std::int64_t channels) {
  return static_cast<std::size_t>(rows) * aligned_size(static_cast<std::size_t>(channels) * 8);
}

template <class T>
void forward(const KernelCall& c, const LayerMode& mode, double epsilon, Activation f) {
  using S = Precise<T>;
  const auto x = c.in_rows<T>(0);
  const std::span<S> mean = c.out<S>(1), inv_std = c.out<S>(2), batch_mean = c.out<S>(3), batch_variance = c.out<S>(4);
  if (mode.statistics == Statistics::batch || mode.update_statistics)
    moments<T, S>(x, batch_mean, batch_variance, c.threads());
  std::span<const S> from_mean = batch_mean, from_variance = batch_variance;
  if (mode.statistics != Statistics::batch) {
    const int at = mode.statistics == Statistics::moving ? 3 : 5;
    from_mean = c.in<S>(at);
    from_variance = c.in<S>(at + 1);
  }
  const auto scale = scratch_row<S>(c, 0, x.columns), shift = scratch_row<S>(c, 1, x.columns);
  for (std::size_t i = 0; i < mean.size(); ++i) {
    mean[i] = from_mean[i];
    inv_std[i] = static_cast<S>(1.0 / std::sqrt(static_cast<double>(from_variance[i]) + epsilon));
    scale[i] = c.has(1) ? c.in<S>(1)[i] * inv_std[i] : inv_std[i];
    shift[i] = (c.has(2) ? c.in<S>(2)[i] : S{0}) - mean[i] * scale[i];
  }
  normalize<T, S>(x, scale, shift, f, c.out_rows<T>(0), c.threads());
}

template <class T>
void backward(const KernelCall& c, const LayerMode& mode, Activation f) {
  using S = Precise<T>;
  const auto x = c.in_rows<T>(0);
  const auto y = f == Activation::linear ? x : c.in_rows<T>(1);
  const auto dy = c.in_rows<T>(2);
  const auto mean = c.in<S>(4), inv_std = c.in<S>(5);
  const std::span<S> dgamma = c.out<S>(1), dbeta = c.out<S>(2);
  sums<T, S>(x, y, dy, mean, inv_std, f, dgamma, dbeta, c.threads());
  const auto a = scratch_row<S>(c, 0, x.columns), b = scratch_row<S>(c, 1, x.columns),
             c0 = scratch_row<S>(c, 2, x.columns);
  // Statistics that do not depend on x pass the gradient through them: the last two terms vanish.
  const S share = mode.statistics == Statistics::batch ? S{1} / static_cast<S>(x.rows) : S{0};
  for (std::size_t i = 0; i < mean.size(); ++i) {
    a[i] = c.has(3) ? c.in<S>(3)[i] * inv_std[i] : inv_std[i];
    b[i] = -a[i] * inv_std[i] * dgamma[i] * share;
    c0[i] = -a[i] * dbeta[i] * share;
  }
  data_gradient<T, S>(x, y, dy, mean, a, b, c0, f, c.out_rows<T>(0), c.threads());
}

}  // namespace

std::string BatchNorm::detail() const {
  return f_ == Activation::linear ? std::string() : std::string(kernels::name_of(f_));
}

std::vector<TensorType> BatchNorm::infer(std::span<const TensorType> in) const {
  if (in[0].shape.rank() < 2)
    throw Error{{.where = "input", .expected = "[N, ..., C]", .received = to_string(in[0].shape)}};
  static constexpr const char* kNames[] = {
      "x", "gamma", "beta", "moving_mean", "moving_variance", "supplied mean", "supplied variance"};
  for (std::size_t i = 1; i < in.size(); ++i)
    if (in[i].shape.rank() > 0) require_per_channel(in[0], in[i], kNames[i]);
  const TensorType vector{{in[0].shape.back()}, precise(in[0].dtype)};
  return {in[0], vector, vector, vector, vector};
}

void BatchNorm::differentiate(Gradients& g) const {
  if (!g.of_output(0)) return;
  const Value y = f_ == Activation::linear ? Value() : g.output(0);
  const auto d =
      g.emit(BatchNormGradient(layer_, f_), {g.input(0), y, g.of_output(0), g.input(1), g.output(1), g.output(2)});
  for (int i : {0, 1, 2})
    if (g.wanted(i)) g.add(i, d[static_cast<std::size_t>(i)]);
}

std::shared_ptr<const Op> BatchNorm::with_activation(kernels::Activation f) const {
  if (f_ != kernels::Activation::linear) return nullptr;
  return std::make_shared<const BatchNorm>(layer_, epsilon_, f);
}

Kernel BatchNorm::choose(const KernelRequest& r) const {
  Kernel kernel = by_element(
      r, [*this]<class T>(const KernelCall& c, T) { forward<T>(c, c.step().mode(layer_), epsilon_, f_); },
      [*this](const KernelCall& c) { forward<double>(c, c.step().mode(layer_), epsilon_, f_); });
  kernel.scratch_bytes = scratch_for(2, r.inputs[0].shape.back());
  return kernel;
}

std::string BatchNormGradient::detail() const {
  return f_ == Activation::linear ? std::string() : std::string(kernels::name_of(f_));
}

std::vector<TensorType> BatchNormGradient::infer(std::span<const TensorType> in) const { return {in[0], in[4], in[4]}; }

Kernel BatchNormGradient::choose(const KernelRequest& r) const {
  Kernel kernel = by_element(
      r, [*this]<class T>(const KernelCall& c, T) { backward<T>(c, c.step().mode(layer_), f_); },
      [*this](const KernelCall& c) { backward<double>(c, c.step().mode(layer_), f_); });
  kernel.scratch_bytes = scratch_for(3, r.inputs[0].shape.back());
  return kernel;
}

std::string UpdateStatistics::detail() const {
  return fmt::format("momentum {:g}{}", momentum_, unbiased_ ? ", unbiased" : "");
}

std::vector<TensorType> UpdateStatistics::infer(std::span<const TensorType> in) const {
  for (const TensorType& type : in) require_same(in[0], type, "statistics");
  return {};
}

namespace {

template <class T>
void follow(std::span<T> moving, std::span<const T> batch, double momentum, double factor) {
  for (std::size_t i = 0; i < moving.size(); ++i)
    moving[i] = static_cast<T>(momentum * moving[i] + (1.0 - momentum) * factor * batch[i]);
}

template <class T>
void update(const KernelCall& c, double momentum, double factor) {
  follow(c.inout<T>(0), c.in<T>(2), momentum, 1.0);
  follow(c.inout<T>(1), c.in<T>(3), momentum, factor);
}

}  // namespace

Kernel UpdateStatistics::choose(const KernelRequest& request) const {
  const double rows = static_cast<double>(rows_);
  const double factor = unbiased_ && rows_ > 1 ? rows / (rows - 1.0) : 1.0;
  return by_precision(
      request,
      [*this, factor](const KernelCall& c) {
        if (c.step().mode(layer_).update_statistics) update<float>(c, momentum_, factor);
      },
      [*this, factor](const KernelCall& c) {
        if (c.step().mode(layer_).update_statistics) update<double>(c, momentum_, factor);
      });
}

}  // namespace evenkeel::ops
