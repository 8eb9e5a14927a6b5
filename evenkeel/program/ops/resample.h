#pragma once

#include <string>

#include "evenkeel/kernels/resize/list.h"
#include "evenkeel/program/op.h"

namespace evenkeel::ops {

/// Throws Error unless x is images [N, H, W, C], and no side of theirs or of an output h x w is longer than 65536
/// pixels, so that its taps take little memory.
void require_resampled(const Shape& x, std::int64_t h, std::int64_t w);

/// Images [N, H, W, C] whose rows and columns are mapped by their taps (kernels/resize/taps.h), each channel by itself:
/// [N, outputs of rows, outputs of columns, C]. `what` is shown by `plan`: "bilinear".
class Resample final : public Op {
 public:
  Resample(kernels::Taps rows, kernels::Taps columns, std::string what)
      : rows_(std::move(rows)), columns_(std::move(columns)), what_(std::move(what)) {}
  std::string_view kind() const override { return "resample"; }
  std::string detail() const override { return what_; }
  std::vector<TensorType> infer(std::span<const TensorType> in) const override;
  void differentiate(Gradients&) const override;  ///< the transposed map of dy
  Kernel choose(const KernelRequest&) const override;

 private:
  kernels::Taps rows_, columns_;
  std::string what_;
};

}  // namespace evenkeel::ops
