#pragma once

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/program/ops/windowed.h"

namespace evenkeel::ops {

/// y = f(x * kernel + bias): x [N, H, W, C], kernel [h, w, C, filters], bias [filters] or absent.
class Convolution final : public Windowed {
 public:
  explicit Convolution(WindowOptions window, kernels::Activation f = kernels::Activation::linear)
      : Windowed(window), f_(f) {}
  std::string_view kind() const override { return "convolution"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  std::shared_ptr<const Op> with_activation(kernels::Activation f) const override;
  Kernel choose(const KernelRequest&) const override;
  double flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;

 private:
  kernels::Activation f_;
};

/// (dy, kernel) -> dx of the given shape.
class ConvolutionDataGradient final : public Windowed {
 public:
  ConvolutionDataGradient(WindowOptions window, Shape x) : Windowed(window), x_(x) {}
  std::string_view kind() const override { return "convolution_data_gradient"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  double flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;

 private:
  Shape x_;
};

/// (x, dy) -> dkernel.
class ConvolutionKernelGradient final : public Windowed {
 public:
  explicit ConvolutionKernelGradient(WindowOptions window) : Windowed(window) {}
  std::string_view kind() const override { return "convolution_kernel_gradient"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  double flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
};

}  // namespace evenkeel::ops
