#pragma once

#include "evenkeel/kernels/gemm.h"
#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// y [m, n] = op(a) op(b): a [m, k] or transposed [k, m], b [k, n] or transposed [n, k]. Of the operands' type; of
/// bfloat16, a^T b, the gradient of a parameter, is float32.
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

/// y = x + bias[c].
class AddBias final : public Op {
 public:
  std::string_view kind() const override { return "add_bias"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }
};

/// x [..., C] -> [C], the sum over all other axes: the gradient of a bias.
class ChannelSum final : public Op {
 public:
  std::string_view kind() const override { return "channel_sum"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
};

}  // namespace evenkeel::ops
