#pragma once

#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// The inputs side by side along the last axis; all other axes are equal.
class Concatenate final : public Op {
 public:
  std::string_view kind() const override { return "concatenate"; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;
};

/// Channels [begin, begin + count) of x.
class SliceChannels final : public Op {
 public:
  SliceChannels(std::int64_t begin, std::int64_t count) : begin_(begin), count_(count) {}
  std::string_view kind() const override { return "slice_channels"; }
  std::string detail() const override;
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;
  Kernel choose(const KernelRequest&) const override;

 private:
  std::int64_t begin_, count_;
};

}  // namespace evenkeel::ops
