#pragma once

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/matmul/list.h"
#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// y [m, n] = op(a) op(b): a is [m, k] or, to be transposed, [k, m]; b is [k, n] or, to be transposed, [n, k]. y has
/// the operands' type, with one exception: a^T b of bfloat16, the gradient of a parameter, is float32.
class MatMul final : public Op {
 public:
  explicit MatMul(kernels::Transpose a = kernels::Transpose::no, kernels::Transpose b = kernels::Transpose::no)
      : a_(a), b_(b) {}
  std::string_view kind() const override { return "matmul"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;  ///< of the untransposed product: dy b^T and a^T dy
  Kernel choose(const KernelRequest&) const override;
  double flops(std::span<const TensorType> in, std::span<const TensorType> out) const override;

 private:
  std::int64_t inner(const TensorType& a) const;
  kernels::Transpose a_, b_;
};

/// y = f(x + bias[c]).
class AddBias final : public Op {
 public:
  explicit AddBias(kernels::Activation f = kernels::Activation::linear) : f_(f) {}
  std::string_view kind() const override { return "add_bias"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  std::shared_ptr<const Op> with_activation(kernels::Activation f) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  kernels::Activation f_;
};

/// (y, dy) -> dx = dy * f'(.) and dbias, for y = f(x + bias[c]): one pass for both.
class AddBiasGradient final : public Op {
 public:
  explicit AddBiasGradient(kernels::Activation f) : f_(f) {}
  std::string_view kind() const override { return "add_bias_gradient"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 1}, {0, 0}}; }

 private:
  kernels::Activation f_;
};

/// Emits the gradients of y = f(x + bias), for a monotone f. If the gradient of the bias (input `bias` of the op) is
/// needed, adds it. Returns the gradient of x.
Value differentiate_bias(Gradients& g, kernels::Activation f, int bias);

/// x [..., C] -> [C], the sum over all other axes: the gradient of a bias.
class ChannelSum final : public Op {
 public:
  std::string_view kind() const override { return "channel_sum"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
};

}  // namespace evenkeel::ops
