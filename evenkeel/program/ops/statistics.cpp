#include "evenkeel/program/ops/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/kernels/normalization/batch_norm.h"
#include "evenkeel/kernels/normalization/batch_norm_reference.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/dense.h"
#include "evenkeel/program/ops/fill.h"
#include "evenkeel/program/ops/infer.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::ops {

std::vector<TensorType> Moments::infer(std::span<const TensorType> in) const {
  const TensorType vector{{in[0].shape.back()}, precise(in[0].dtype)};
  return {vector, vector};
}

void Moments::differentiate(Gradients& g) const {
  g.add(0, g.emit_one(MomentsGradient(), {g.input(0), g.output(0), g.of_output(0), g.of_output(1)}));
}

Kernel Moments::choose(const KernelRequest& request) const {
  return by_element(
      request,
      []<class T>(const KernelCall& c, T) {
        kernels::channel_moments<T>(c.in_rows<T>(0), c.out<float>(0), c.out<float>(1), c.threads());
      },
      [](const KernelCall& c) {
        kernels::reference::channel_moments<double>(c.in_rows<double>(0), c.out<double>(0), c.out<double>(1));
      });
}

std::vector<TensorType> MomentsGradient::infer(std::span<const TensorType> in) const { return {in[0]}; }

namespace {

/// Coefficients of dx = b (x - mean) + c0; a = 0 switches off the term that a normalization's gradient also has.
template <class T>
struct Coefficients {
  Coefficients(const KernelCall& call, std::int64_t rows, std::int64_t columns) {
    const auto channels = static_cast<std::size_t>(columns);
    T* at = reinterpret_cast<T*>(call.scratch());
    a = {at, channels};
    b = {at + channels, channels};
    c0 = {at + 2 * channels, channels};
    const T share = T{1} / static_cast<T>(rows);
    for (std::size_t i = 0; i < channels; ++i) {
      a[i] = 0;
      b[i] = call.has(3) ? 2 * call.in<T>(3)[i] * share : T{0};
      c0[i] = call.has(2) ? call.in<T>(2)[i] * share : T{0};
    }
  }
  std::span<T> a, b, c0;
};

}  // namespace

Kernel MomentsGradient::choose(const KernelRequest& request) const {
  Kernel kernel = by_element(
      request,
      []<class T>(const KernelCall& c, T) {
        const auto x = c.in_rows<T>(0);
        const Coefficients<float> k(c, x.rows, x.columns);
        kernels::batch_norm_data_gradient<T>(x, x, x, c.in<float>(1), k.a, k.b, k.c0, kernels::Activation::linear,
                                             c.out_rows<T>(0), c.threads());
      },
      [](const KernelCall& c) {
        const auto x = c.in_rows<double>(0);
        const Coefficients<double> k(c, x.rows, x.columns);
        kernels::reference::batch_norm_data_gradient<double>(x, x, x, c.in<double>(1), k.a, k.b, k.c0,
                                                             kernels::Activation::linear, c.out_rows<double>(0));
      });
  kernel.scratch_bytes = static_cast<std::size_t>(request.inputs[0].shape.back()) * 3 * size_of(request.real);
  return kernel;
}

std::vector<TensorType> SelectStatistics::infer(std::span<const TensorType> in) const {
  for (const TensorType& type : in) require_same(in[0], type, "statistics");
  return {in[0], in[0]};
}

void SelectStatistics::differentiate(Gradients& g) const {
  for (int i : {0, 1})
    if (g.wanted(i) && g.of_output(i)) g.add(i, g.emit_one(IfBatchStatistics(layer_), {g.of_output(i)}));
}

Kernel SelectStatistics::choose(const KernelRequest& request) const {
  const auto select = [layer = layer_]<class T>(const KernelCall& c, T) {
    const int at = 2 * static_cast<int>(c.step().mode(layer).statistics);
    std::ranges::copy(c.in<T>(at), c.out<T>(0).begin());
    std::ranges::copy(c.in<T>(at + 1), c.out<T>(1).begin());
  };
  return by_precision(
      request, [select](const KernelCall& c) { select(c, 0.0f); }, [select](const KernelCall& c) { select(c, 0.0); });
}

Kernel IfBatchStatistics::choose(const KernelRequest& request) const {
  const auto pass = [layer = layer_]<class T>(const KernelCall& c, T zero) {
    if (c.step().mode(layer).statistics == Statistics::batch)
      std::ranges::copy(c.in<T>(0), c.out<T>(0).begin());
    else
      std::ranges::fill(c.out<T>(0), zero);
  };
  return by_precision(
      request, [pass](const KernelCall& c) { pass(c, 0.0f); }, [pass](const KernelCall& c) { pass(c, 0.0); });
}

std::string Renormalization::detail() const { return fmt::format("r to {:g}, d to {:g}", r_max_, d_max_); }

std::vector<TensorType> Renormalization::infer(std::span<const TensorType> in) const {
  for (const TensorType& type : in) require_same(in[0], type, "statistics");
  return {in[0], in[0]};
}

template <class T>
void Renormalization::run(const KernelCall& c) const {
  const auto mean = c.in<T>(0), variance = c.in<T>(1), moving_mean = c.in<T>(2), moving_variance = c.in<T>(3);
  const auto r = c.out<T>(0), d = c.out<T>(1);
  const bool of_batch = c.step().mode(layer_).statistics == Statistics::batch;
  for (std::size_t i = 0; i < r.size(); ++i) {
    const double deviation = std::sqrt(double{variance[i]} + epsilon_);
    const double moving_deviation = std::sqrt(double{moving_variance[i]} + epsilon_);
    const double shift = (double{mean[i]} - double{moving_mean[i]}) / moving_deviation;
    r[i] = of_batch ? static_cast<T>(std::clamp(deviation / moving_deviation, 1 / r_max_, r_max_)) : T{1};
    d[i] = of_batch ? static_cast<T>(std::clamp(shift, -d_max_, d_max_)) : T{0};
  }
}

Kernel Renormalization::choose(const KernelRequest& request) const {
  return by_precision(
      request, [*this](const KernelCall& c) { run<float>(c); }, [*this](const KernelCall& c) { run<double>(c); });
}

std::vector<TensorType> ScaleShift::infer(std::span<const TensorType> in) const {
  require_per_channel(in[0], in[1], "scale");
  require_per_channel(in[0], in[2], "shift");
  return {in[0]};
}

void ScaleShift::differentiate(Gradients& g) const {
  const Value dy = g.of_output(0);
  if (g.wanted(1)) g.add(1, g.emit_one(ChannelProduct(), {dy, g.input(0)}));
  if (g.wanted(2)) g.add(2, g.emit_one(ChannelSum(), {dy}));
  if (g.wanted(0)) {
    const Value zero = g.emit_one(Fill(g.input(2).shape(), g.input(2).type().dtype, 0.0), {});
    g.add(0, g.emit_one(ScaleShift(), {dy, g.input(1), zero}));
  }
}

Kernel ScaleShift::choose(const KernelRequest& request) const {
  return by_element(
      request,
      []<class T>(const KernelCall& c, T) {
        kernels::scale_shift<T>(c.in_rows<T>(0), c.in<float>(1), c.in<float>(2), kernels::Activation::linear,
                                c.out_rows<T>(0), c.threads());
      },
      [](const KernelCall& c) {
        kernels::reference::scale_shift<double>(c.in_rows<double>(0), c.in<double>(1), c.in<double>(2),
                                                kernels::Activation::linear, c.out_rows<double>(0));
      });
}

std::vector<TensorType> ChannelProduct::infer(std::span<const TensorType> in) const {
  require_same(in[0], in[1], "channel product");
  return {{{in[0].shape.back()}, precise(in[0].dtype)}};
}

Kernel ChannelProduct::choose(const KernelRequest& request) const {
  return by_element(
      request,
      []<class T>(const KernelCall& c, T) {
        kernels::channel_products<T>(c.in_rows<T>(0), c.in_rows<T>(1), c.out<float>(0), c.threads());
      },
      [](const KernelCall& c) {
        kernels::reference::channel_products<double>(c.in_rows<double>(0), c.in_rows<double>(1), c.out<double>(0));
      });
}

}  // namespace evenkeel::ops
