#include "evenkeel/program/ops/batch_norm_pool.h"

#include "evenkeel/kernels/normalization/batch_norm_pool.h"
#include "evenkeel/kernels/normalization/batch_norm_pool_reference.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/batch_norm.h"
#include "evenkeel/program/ops/normalization.h"

namespace evenkeel::ops {
namespace {

using kernels::PooledNormalization;

// The passes over memory, named alike for all types, so that what is around them is written once. S: the type of
// statistics, T or float.

template <class T, class S>
void pool(const PooledNormalization<S>& of, std::span<const T> x, std::span<T> y, const Threads& threads) {
  if constexpr (std::is_same_v<T, double>)
    kernels::reference::batch_norm_pool<double>(of, x, y);
  else
    kernels::batch_norm_pool<T>(of, x, y, threads);
}

template <class T, class S>
void sums(const PooledNormalization<S>& of, std::span<const T> x, std::span<const T> y, std::span<const T> dy,
          std::span<const S> mean, std::span<const S> inv_std, std::span<S> dgamma, std::span<S> dbeta,
          const Threads& threads) {
  if constexpr (std::is_same_v<T, double>)
    kernels::reference::batch_norm_pool_sums<double>(of, x, y, dy, mean, inv_std, dgamma, dbeta);
  else
    kernels::batch_norm_pool_sums<T>(of, x, y, dy, mean, inv_std, dgamma, dbeta, threads);
}

template <class T, class S>
void data_gradient(const PooledNormalization<S>& of, std::span<const T> x, std::span<const T> y, std::span<const T> dy,
                   std::span<const S> mean, const DataGradientCoefficients<S>& by, std::span<T> dx,
                   const Threads& threads) {
  if constexpr (std::is_same_v<T, double>)
    kernels::reference::batch_norm_pool_data_gradient<double>(of, x, y, dy, mean, by.a, by.b, by.c0, dx);
  else
    kernels::batch_norm_pool_data_gradient<T>(of, x, y, dy, mean, by.a, by.b, by.c0, dx, threads);
}

template <class T>
void forward(const KernelCall& c, const LayerMode& mode, double epsilon, kernels::Activation f,
             const kernels::Window& window) {
  using S = Precise<T>;
  const ScaleAndShift<S> by = normalize_by<T>(c, mode, epsilon);
  pool<T, S>({window, f, by.scale, by.shift}, c.in<T>(0), c.out<T>(0), c.threads());
}

template <class T>
void backward(const KernelCall& c, const LayerMode& mode, kernels::Activation f, const kernels::Window& window) {
  using S = Precise<T>;
  const auto x = c.in<T>(0), dy = c.in<T>(2);
  const auto y = f == kernels::Activation::linear ? dy : c.in<T>(1);
  const auto gamma = optional_in<S>(c, 3), mean = c.in<S>(5), inv_std = c.in<S>(6);
  const std::span<S> dgamma = c.out<S>(1), dbeta = c.out<S>(2);
  const ScaleAndShift<S> forward_by = scale_and_shift<S>(c, gamma, optional_in<S>(c, 4), mean, inv_std);
  const PooledNormalization<S> of{window, f, forward_by.scale, forward_by.shift};
  sums<T, S>(of, x, y, dy, mean, inv_std, dgamma, dbeta, c.threads());
  const std::int64_t rows = window.n * window.h * window.w;
  const auto by = data_gradient_coefficients<S>(c, mode, gamma, inv_std, dgamma, dbeta, rows, 2);
  data_gradient<T, S>(of, x, y, dy, mean, by, c.out<T>(0), c.threads());
}

std::string detail_of(kernels::Activation f, const WindowOptions& window) {
  return (f == kernels::Activation::linear ? std::string() : std::string(name_of(f)) + ", ") + to_string(window);
}

}  // namespace

std::string BatchNormPool::detail() const { return detail_of(f_, window_); }

std::vector<TensorType> BatchNormPool::infer(std::span<const TensorType> in) const {
  std::vector<TensorType> out = BatchNorm(layer_, epsilon_, f_).infer(in);
  const kernels::Window w = window_over(in[0].shape, window_);
  out[0].shape = {w.n, w.oh, w.ow, w.c};
  return out;
}

void BatchNormPool::differentiate(Gradients& g) const {
  if (!g.of_output(0)) return;
  const Value y = f_ == kernels::Activation::linear ? Value() : g.output(0);
  const auto d = g.emit(BatchNormPoolGradient(layer_, f_, window_),
                        {g.input(0), y, g.of_output(0), g.input(1), g.input(2), g.output(1), g.output(2)});
  for (int i : {0, 1, 2})
    if (g.wanted(i)) g.add(i, d[static_cast<std::size_t>(i)]);
}

std::shared_ptr<const Op> BatchNormPool::with_activation(kernels::Activation f) const {
  if (f_ != kernels::Activation::linear) return nullptr;
  return std::make_shared<const BatchNormPool>(layer_, epsilon_, f, window_);
}

Kernel BatchNormPool::choose(const KernelRequest& r) const {
  const kernels::Window w = window_over(r.inputs[0].shape, window_);
  Kernel kernel = by_element(
      r, [*this, w]<class T>(const KernelCall& c, T) { forward<T>(c, c.step().mode(layer_), epsilon_, f_, w); },
      [*this, w](const KernelCall& c) { forward<double>(c, c.step().mode(layer_), epsilon_, f_, w); });
  kernel.scratch_bytes = scratch_for(2, w.c);
  return kernel;
}

std::string BatchNormPoolGradient::detail() const { return detail_of(f_, window_); }

std::vector<TensorType> BatchNormPoolGradient::infer(std::span<const TensorType> in) const {
  return {in[0], in[5], in[5]};
}

Kernel BatchNormPoolGradient::choose(const KernelRequest& r) const {
  const kernels::Window w = window_over(r.inputs[0].shape, window_);
  Kernel kernel = by_element(
      r, [*this, w]<class T>(const KernelCall& c, T) { backward<T>(c, c.step().mode(layer_), f_, w); },
      [*this, w](const KernelCall& c) { backward<double>(c, c.step().mode(layer_), f_, w); });
  kernel.scratch_bytes = scratch_for(5, w.c);
  return kernel;
}

}  // namespace evenkeel::ops
