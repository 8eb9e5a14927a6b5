#pragma once

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/program/op.h"
#include "evenkeel/program/ops/window.h"

namespace evenkeel::ops {

/// y = f(x * kernel + bias): x [N, H, W, C], kernel [h, w, C, filters], bias [filters] or absent.
class Convolution final : public Op {
 public:
  explicit Convolution(WindowOptions window, kernels::Activation f = kernels::Activation::linear)
      : window_(window), f_(f) {}
  std::string_view kind() const override { return "convolution"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  std::shared_ptr<const Op> with_activation(kernels::Activation f) const override;
  Kernel choose(const KernelRequest&) const override;
  double flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;

 private:
  WindowOptions window_;
  kernels::Activation f_;
};

/// (dy, kernel) -> dx of the given shape.
class ConvolutionDataGradient final : public Op {
 public:
  ConvolutionDataGradient(WindowOptions window, Shape x) : window_(window), x_(x) {}
  std::string_view kind() const override { return "convolution_data_gradient"; }
  std::string detail() const override { return to_string(window_); }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  double flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;

 private:
  WindowOptions window_;
  Shape x_;
};

/// (x, dy) -> dkernel.
class ConvolutionKernelGradient final : public Op {
 public:
  explicit ConvolutionKernelGradient(WindowOptions window) : window_(window) {}
  std::string_view kind() const override { return "convolution_kernel_gradient"; }
  std::string detail() const override { return to_string(window_); }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  double flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;

 private:
  WindowOptions window_;
};

}  // namespace evenkeel::ops
