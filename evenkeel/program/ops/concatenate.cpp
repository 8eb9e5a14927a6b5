#include "evenkeel/program/ops/concatenate.h"

#include <fmt/format.h>

#include "evenkeel/kernels/elementwise/elementwise.h"
#include "evenkeel/kernels/elementwise/elementwise_reference.h"
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

Kernel Concatenate::choose(const KernelRequest& request) const {
  const int count = static_cast<int>(request.inputs.size());
  return by_element(
      request,
      [count]<class T>(const KernelCall& c, T) {
        std::int64_t at = 0;
        for (int i = 0; i < count; at += c.in_rows<T>(i++).columns)
          kernels::copy_columns_in<T>(c.in_rows<T>(i), c.out_rows<T>(0), at, c.threads());
      },
      [count](const KernelCall& c) {
        std::int64_t at = 0;
        for (int i = 0; i < count; at += c.in_rows<double>(i++).columns)
          kernels::reference::copy_columns_in<double>(c.in_rows<double>(i), c.out_rows<double>(0), at);
      });
}

std::string SliceChannels::detail() const { return fmt::format("[{}:{}]", begin_, begin_ + count_); }

std::vector<TensorType> SliceChannels::infer(std::span<const TensorType> in) const {
  return {{in[0].shape.with(-1, count_), in[0].dtype}};
}

Kernel SliceChannels::choose(const KernelRequest& request) const {
  return by_element(
      request,
      [at = begin_]<class T>(const KernelCall& c, T) {
        kernels::copy_columns_out<T>(c.in_rows<T>(0), at, c.out_rows<T>(0), c.threads());
      },
      [at = begin_](const KernelCall& c) {
        kernels::reference::copy_columns_out<double>(c.in_rows<double>(0), at, c.out_rows<double>(0));
      });
}

}  // namespace evenkeel::ops
