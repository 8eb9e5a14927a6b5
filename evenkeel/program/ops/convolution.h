#pragma once

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/program/ops/windowed.h"

namespace evenkeel::ops {

/// Throws Error unless there is at least one group, and the groups divide the channels that are read and the filters.
void require_groups(std::int64_t groups, std::int64_t channels, std::int64_t filters);

/// What convolutions share: a window, and groups of channels. Filter k reads the channels of group k / (filters /
/// groups); the kernel is [h, w, C / groups, filters].
class GroupedWindow : public Windowed {
 public:
  std::int64_t groups() const { return groups_; }
  std::string detail() const override;

 protected:
  GroupedWindow(WindowOptions window, std::int64_t groups) : Windowed(window), groups_(groups) {}
  kernels::Window over(const Shape& x) const;
  /// Throws Error unless the kernel fits images x and the groups divide its filters and their channels.
  void require_kernel(const Shape& x, const TensorType& kernel) const;

 private:
  std::int64_t groups_;
};

/// y = f(x * kernel + bias + addend): x [N, H, W, C], kernel [h, w, C / groups, filters], bias [filters] or absent, and
/// for programs without gradients perhaps an addend, of the shape of y.
class Convolution final : public GroupedWindow {
 public:
  explicit Convolution(WindowOptions window, std::int64_t groups = 1,
                       kernels::Activation f = kernels::Activation::linear)
      : GroupedWindow(window, groups), f_(f) {}
  std::string_view kind() const override { return "convolution"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  std::shared_ptr<const Op> with_activation(kernels::Activation f) const override;
  Kernel choose(const KernelRequest&) const override;
  bool is_linear() const { return f_ == kernels::Activation::linear; }
  double flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;

 private:
  kernels::Activation f_;
};

/// (dy, kernel) -> dx of the given shape. Also the forward pass of a transposed convolution.
class ConvolutionDataGradient final : public GroupedWindow {
 public:
  ConvolutionDataGradient(WindowOptions window, Shape x, std::int64_t groups = 1)
      : GroupedWindow(window, groups), x_(x) {}
  std::string_view kind() const override { return "convolution_data_gradient"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  double flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;

 private:
  Shape x_;
};

/// (x, dy) -> dkernel.
class ConvolutionKernelGradient final : public GroupedWindow {
 public:
  explicit ConvolutionKernelGradient(WindowOptions window, std::int64_t groups = 1) : GroupedWindow(window, groups) {}
  std::string_view kind() const override { return "convolution_kernel_gradient"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  double flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;
};

}  // namespace evenkeel::ops
