#include "evenkeel/program/ops/concatenate.h"

#include <fmt/format.h>

#include "evenkeel/kernels/elementwise/list.h"
#include "evenkeel/program/autodiff.h"
#include "evenkeel/program/ops/fill.h"
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

/// Zeros at the channels that were left out.
void SliceChannels::differentiate(Gradients& g) const {
  const TensorType x = g.input(0).type();
  std::vector<Value> parts;
  const auto zeros = [&](std::int64_t count) {
    if (count > 0) parts.push_back(g.emit_one(Fill(x.shape.with(-1, count), x.dtype, 0), {}));
  };
  zeros(begin_);
  parts.push_back(g.of_output(0));
  zeros(x.shape.back() - begin_ - count_);
  g.add(0, parts.size() == 1 ? parts[0] : g.emit_one(Concatenate(), parts));
}

Kernel SliceChannels::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::SliceChannels{.begin = begin_}, r);
}

}  // namespace evenkeel::ops
