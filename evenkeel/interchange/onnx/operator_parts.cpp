#include "evenkeel/interchange/onnx/operator_parts.h"

#include <algorithm>

#include "evenkeel/nn/layers.h"

namespace evenkeel::interchange::onnx {

std::vector<int> last_order(std::size_t count) {
  std::vector<int> order = in_order(count);
  if (count > 1) std::rotate(order.begin(), order.begin() + 1, order.end());
  return order;
}

std::int64_t count_of(const Sizes& sizes) { return product(sizes); }

Tensor repeated_number(const Node& node, std::int64_t count, double number) {
  constexpr std::int64_t kMost = std::int64_t{1} << 26;
  if (count > kMost) unsupported(node, "one number that is repeated " + std::to_string(count) + " times");
  Tensor all(Shape{count}, DType::float32);
  std::ranges::fill(all.as<float>(), static_cast<float>(number));
  return all;
}

View same_place(const View& view, std::string layer) {
  View result = view;
  result.layer = std::move(layer);
  return result;
}

View innermost(Converter& converter, const Node& node, const View& view, int axis) {
  const std::int64_t size = view.foreign[static_cast<std::size_t>(axis)];
  if (is_innermost(view, axis)) {
    if (view.ours.back() == size) return view;
    const std::int64_t rest = count_of(view.foreign) / size;
    return converter.in_shape(node, view, rest == 1 ? Sizes{size} : Sizes{rest, size});
  }
  std::vector<int> order;
  for (int i = 0; i < static_cast<int>(view.foreign.size()); ++i)
    if (i != axis) order.push_back(i);
  order.push_back(axis);
  return converter.ordered(node, view, order);
}

std::optional<std::vector<int>> order_of(const View& view) {
  const auto factors = factors_of(view);
  std::vector<int> order;
  for (const auto& one : factors)
    if (one.size() > 1) return {};
  for (const int own : view.axes)
    for (std::size_t i = 0; i < factors.size(); ++i)
      if (!factors[i].empty() && factors[i][0] == own) order.push_back(static_cast<int>(i));
  // Axes of size 1 go where those of an image would be: positions first, channels last.
  std::vector<int> ones;
  for (std::size_t i = 0; i < factors.size(); ++i)
    if (factors[i].empty()) ones.push_back(static_cast<int>(i));
  for (const std::vector<int>& natural : {last_order(factors.size()), in_order(factors.size())})
    if (seen_order(view, natural) == view.axes) return natural;
  order.insert(order.begin(), ones.begin(), ones.end());
  return order;
}

View as_image(Converter& converter, const Node& node, const View& view) {
  if (view.foreign.size() != 2 && view.foreign.size() != 3)
    unsupported(node, "positions on " + std::to_string(std::ssize(view.foreign) - 1) + " axes");
  const Sizes ours = view.foreign.size() == 3 ? Sizes{view.foreign[1], view.foreign[2], view.foreign[0]}
                                              : Sizes{1, view.foreign[1], view.foreign[0]};
  return converter.ordered(node, view, last_order(view.foreign.size()), ours);
}

View view_of_image(std::string layer, const Sizes& foreign) {
  View view = view_of_layer(std::move(layer), foreign, last_order(foreign.size()));
  if (foreign.size() == 2) view.ours.insert(view.ours.begin(), 1);
  return view;
}

Weight vector_weight(const View& view, int axis, const std::string& tensor, const std::string& constant) {
  VectorView lies = vector_view(view, axis);
  return {.tensor = tensor,
          .ours = Shape{view.foreign[static_cast<std::size_t>(axis)]},
          .constant = constant,
          .seen = std::move(lies.seen),
          .axes = std::move(lies.axes)};
}

Sizes sample_sizes(const Node& node, const Shape& constant, std::size_t rank) {
  const auto sizes = constant.sizes();
  Sizes result(rank, 1);
  for (std::size_t i = 1; i <= sizes.size(); ++i) {
    const std::int64_t size = sizes[sizes.size() - i];
    if (i <= rank)
      result[rank - i] = size;
    else if (size != 1)
      unsupported(node, "a constant with an axis that samples do not have: " + to_string(constant));
  }
  return result;
}

}  // namespace evenkeel::interchange::onnx
