#include "evenkeel/program/ops/permute.h"

#include <fmt/ranges.h>

#include "evenkeel/base/error.h"
#include "evenkeel/kernels/elementwise/list.h"
#include "evenkeel/program/autodiff.h"

namespace evenkeel::ops {

std::string Permute::detail() const { return fmt::format("to {}", order_); }

std::vector<TensorType> Permute::infer(std::span<const TensorType> in) const {
  const Shape& x = in[0].shape;
  std::vector<bool> taken(static_cast<std::size_t>(x.rank()), false);
  std::vector<std::int64_t> sizes;
  for (const int axis : order_) {
    if (axis < 0 || axis >= x.rank() || taken[static_cast<std::size_t>(axis)]) break;
    taken[static_cast<std::size_t>(axis)] = true;
    sizes.push_back(x[axis]);
  }
  if (static_cast<int>(sizes.size()) != x.rank() || sizes.size() != order_.size())
    throw Error{{.where = "permute",
                 .expected = fmt::format("an order of the {} axes of {}", x.rank(), to_string(x)),
                 .received = fmt::format("{}", order_)}};
  return {{Shape(sizes), in[0].dtype}};
}

void Permute::differentiate(Gradients& g) const { g.add(0, g.emit_one(Permute(inverse(order_)), {g.of_output(0)})); }

Kernel Permute::choose(const KernelRequest& r) const {
  return kernels::choose(kernels::Permute{.shape = r.inputs[0].shape, .order = order_}, r);
}

std::vector<int> Permute::inverse(const std::vector<int>& order) {
  std::vector<int> undone(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) undone[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
  return undone;
}

}  // namespace evenkeel::ops
