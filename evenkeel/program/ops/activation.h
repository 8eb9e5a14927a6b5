#pragma once

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// y = f(x), element-wise.
class Activation final : public Op {
 public:
  explicit Activation(kernels::Activation f) : f_(f) {}
  kernels::Activation function() const { return f_; }
  std::string_view kind() const override { return "activation"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  kernels::Activation f_;
};

/// (y, dy) -> dy * f'(.), with f' a function of y = f(.); if f is not monotone, (x, dy) -> dy * f'(x).
class ActivationGradient final : public Op {
 public:
  explicit ActivationGradient(kernels::Activation f) : f_(f) {}
  std::string_view kind() const override { return "activation_gradient"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 1}}; }

 private:
  kernels::Activation f_;
};

/// Softmax over the last axis, or its logarithm.
class Softmax final : public Op {
 public:
  explicit Softmax(bool is_log = false) : is_log_(is_log) {}
  bool is_log() const { return is_log_; }
  std::string_view kind() const override { return is_log_ ? "log_softmax" : "softmax"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 0}}; }

 private:
  bool is_log_;
};

/// (y, dy) -> dx, for y = softmax(x) or its logarithm.
class SoftmaxGradient final : public Op {
 public:
  explicit SoftmaxGradient(bool is_log) : is_log_(is_log) {}
  std::string_view kind() const override { return is_log_ ? "log_softmax_gradient" : "softmax_gradient"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  Kernel choose(const KernelRequest&) const override;
  std::vector<std::pair<int, int>> in_place() const override { return {{0, 1}}; }

 private:
  bool is_log_;
};

}  // namespace evenkeel::ops
