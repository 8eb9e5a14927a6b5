#pragma once

#include <vector>

#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// A constant: every element is `value`.
class Fill final : public Op {
 public:
  Fill(Shape shape, DType dtype, double value) : type_{shape, dtype}, value_(value) {}
  std::string_view kind() const override { return "fill"; }
  std::vector<TensorType> infer(std::span<const TensorType>) const override { return {type_}; }
  Kernel choose(const KernelRequest&) const override;

 private:
  TensorType type_;
  double value_;
};

/// A vector of these numbers.
class Constant final : public Op {
 public:
  Constant(std::vector<double> values, DType dtype) : values_(std::move(values)), dtype_(dtype) {}
  std::string_view kind() const override { return "constant"; }
  std::vector<TensorType> infer(std::span<const TensorType>) const override {
    return {{{std::ssize(values_)}, dtype_}};
  }
  Kernel choose(const KernelRequest&) const override;

 private:
  std::vector<double> values_;
  DType dtype_;
};

}  // namespace evenkeel::ops
