#include "evenkeel/program/ops/concatenate.h"

#include <fmt/format.h>

#include "evenkeel/kernels/elementwise/list.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/infer.h"

namespace evenkeel::ops {

std::vector<TensorType> Concatenate::infer(std::span<const TensorType> in) const {
  std::int64_t channels = 0;
  for (const TensorType& x : in) {
    require_same({in[0].shape.with(-1, x.shape.back()), in[0].dtype}, x, "input");
    channels += x.shape.back();
  }
  return {{in[0].shape.with(-1, channels), in[0].dtype}};
}

void Concatenate::differentiate(Gradients& g) const {
  const std::int64_t channels = g.of_output(0).shape().back();
  std::int64_t at = 0;
  for (int i = 0; at < channels; ++i) {
    const std::int64_t count = g.input(i).shape().back();
    if (g.wanted(i)) g.add(i, g.emit_one(SliceChannels(at, count), {g.of_output(0)}));
    at += count;
  }
}

Kernel Concatenate::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::Concatenate{.inputs = static_cast<int>(r.inputs.size())}, r);
}

std::string SliceChannels::detail() const { return fmt::format("[{}:{}]", begin_, begin_ + count_); }

std::vector<TensorType> SliceChannels::infer(std::span<const TensorType> in) const {
  return {{in[0].shape.with(-1, count_), in[0].dtype}};
}

Kernel SliceChannels::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::SliceChannels{.begin = begin_}, r);
}

}  // namespace evenkeel::ops
