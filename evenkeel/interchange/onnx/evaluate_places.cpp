#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "evenkeel/interchange/layout.h"
#include "evenkeel/interchange/onnx/operands.h"
#include "evenkeel/interchange/onnx/simplify.h"

namespace evenkeel::interchange::onnx {
namespace {

Sizes sizes_at(const Tensor& x) { return {x.shape().sizes().begin(), x.shape().sizes().end()}; }

/// The same elements in their order, in another shape; still of the same initializer.
Constant reshaped(const Constant& x, const Sizes& sizes) {
  if (sizes.size() > Shape::kMaxRank) throw Error{{.expected = "at most 6 axes", .received = to_text(sizes)}};
  Constant result{.value = Tensor::copy_of(x.value.view().reshaped(Shape(sizes))),
                  .initializer = x.initializer,
                  .of_the_batch = x.of_the_batch,
                  .foreign_shape = x.foreign_shape,
                  .seen = x.seen,
                  .axes = x.axes};
  return result;
}

Constant transposed(const Constant& x, const Node& node) {
  const int rank = x.value.shape().rank();
  Sizes perm = node.integers("perm");
  if (perm.empty())
    for (int i = rank; i-- > 0;) perm.push_back(i);
  if (std::ssize(perm) != rank || std::ssize(axes_of(perm, rank, node)) != rank)
    refuse(node, "each axis once", to_text(perm));
  std::vector<int> axes;
  Sizes sizes;
  for (const std::int64_t axis : perm) {
    axes.push_back(axis_of(axis, rank, node));
    sizes.push_back(x.value.shape()[axes.back()]);
  }
  Constant result{
      .value = to_ours(
          x.value,
          TensorRecord{.name = {}, .foreign = {}, .foreign_shape = x.value.shape(), .seen_as = {}, .axes = axes},
          Shape(sizes)),
      .of_the_batch = x.of_the_batch};
  if (x.initializer.empty() || !x.axes.empty()) return result;  // two permutations: known by its numbers alone
  result.initializer = x.initializer;
  result.foreign_shape = x.foreign_shape;
  result.seen = x.value.shape() == x.foreign_shape ? Shape() : x.value.shape();
  result.axes = std::move(axes);
  return result;
}

Sizes squeezed(const Graph& graph, const Node& node, const Sizes& in) {
  const auto given = list_of(graph, node, "axes", 1);
  std::vector<int> axes;
  if (given) axes = axes_of(*given, static_cast<int>(in.size()), node);
  Sizes sizes;
  for (int i = 0; i < static_cast<int>(in.size()); ++i) {
    const std::int64_t size = in[static_cast<std::size_t>(i)];
    const bool is_named = std::ranges::find(axes, i) != axes.end();
    if (is_named && size != 1) refuse(node, "an axis of size 1 to take away", std::to_string(size));
    if (!(is_named || (!given && size == 1))) sizes.push_back(size);
  }
  return sizes;
}

Sizes unsqueezed(const Graph& graph, const Node& node, const Sizes& in) {
  const auto given = list_of(graph, node, "axes", 1);
  if (!given || given->size() > 64) refuse(node, "axes", "none, or too many");
  const std::vector<int> axes = axes_of(*given, static_cast<int>(in.size() + given->size()), node);
  Sizes sizes = in;
  for (const int axis : axes) sizes.insert(sizes.begin() + axis, 1);
  return sizes;
}

/// Elements of x at `counts` places along each axis, from `begins` in `steps`.
Tensor taken(const Tensor& x, const std::vector<Taken>& all) {
  Tensor result = x.clone();
  for (const Taken& one : all) {
    const Shape in = result.shape(), out = in.with(one.axis, one.count());
    Tensor next(out, x.dtype());
    std::int64_t before = 1, after = static_cast<std::int64_t>(size_of(x.dtype()));
    for (int i = 0; i < one.axis; ++i) before *= in[i];
    for (int i = one.axis + 1; i < in.rank(); ++i) after *= in[i];
    std::byte* to = next.data();
    for (std::int64_t i = 0; i < before; ++i)
      for (std::int64_t k = 0; k < one.count(); ++k, to += after)
        std::memcpy(to, result.data() + (i * in[one.axis] + one.begin + k * one.step) * after,
                    static_cast<std::size_t>(after));
    result = std::move(next);
  }
  return result;
}

Tensor gathered(const Graph& graph, const Node& node, const Tensor& x, std::int64_t most) {
  const Tensor& where = *graph.constant(node.input(1));
  const int axis = axis_of(node.integer("axis", 0), x.shape().rank(), node);
  const std::int64_t size = x.shape()[axis];
  Sizes sizes;
  for (int i = 0; i < axis; ++i) sizes.push_back(x.shape()[i]);
  for (const std::int64_t n : where.shape().sizes()) sizes.push_back(n);
  for (int i = axis + 1; i < x.shape().rank(); ++i) sizes.push_back(x.shape()[i]);
  if (product(sizes) > most || sizes.size() > Shape::kMaxRank)
    refuse(node, "constants of a moderate size", to_text(sizes));
  const Tensor indices = converted(where, DType::int64);
  Tensor result(Shape(sizes), x.dtype());
  std::int64_t before = 1, after = static_cast<std::int64_t>(size_of(x.dtype()));
  for (int i = 0; i < axis; ++i) before *= x.shape()[i];
  for (int i = axis + 1; i < x.shape().rank(); ++i) after *= x.shape()[i];
  std::byte* to = result.data();
  for (std::int64_t i = 0; i < before; ++i)
    for (const std::int64_t index : indices.as<std::int64_t>()) {
      if (index < -size || index >= size) refuse(node, "an index below " + std::to_string(size), std::to_string(index));
      std::memcpy(to, x.data() + (i * size + (index < 0 ? index + size : index)) * after,
                  static_cast<std::size_t>(after));
      to += after;
    }
  return result;
}

Tensor joined(const Graph& graph, const Node& node, std::int64_t most) {
  std::vector<Tensor> parts;
  DType dtype = DType::uint8;
  for (const std::string& input : node.inputs) {
    const Tensor& part = *graph.constant(input);
    dtype = parts.empty() ? part.dtype() : dtype;
    parts.push_back(converted(part, dtype));
  }
  const int rank = parts[0].shape().rank(), axis = axis_of(node.integer("axis", 0), rank, node);
  std::int64_t along = 0;
  for (const Tensor& part : parts) {
    if (part.shape().rank() != rank || part.shape().with(axis, 1) != parts[0].shape().with(axis, 1))
      refuse(node, "parts of one shape but for the axis", to_string(part.shape()));
    along += part.shape()[axis];
  }
  const Shape shape = parts[0].shape().with(axis, along);
  if (product(shape.sizes()) > most) refuse(node, "constants of a moderate size", to_string(shape));
  Tensor result(shape, dtype);
  std::int64_t before = 1, after = static_cast<std::int64_t>(size_of(dtype));
  for (int i = 0; i < axis; ++i) before *= shape[i];
  for (int i = axis + 1; i < rank; ++i) after *= shape[i];
  std::byte* to = result.data();
  for (std::int64_t i = 0; i < before; ++i)
    for (const Tensor& part : parts) {
      const std::int64_t bytes = part.shape()[axis] * after;
      if (bytes > 0) std::memcpy(to, part.data() + i * bytes, static_cast<std::size_t>(bytes));
      to += bytes;
    }
  return result;
}

/// Numbers that the tensor has already or that one number gives, in a shape that a constant says.
Tensor repeated(const Tensor& x, const Sizes& sizes, std::int64_t most, const Node& node) {
  if (product(sizes) > most || sizes.size() > Shape::kMaxRank)
    refuse(node, "constants of a moderate size", to_text(sizes));
  Tensor result(Shape(sizes), x.dtype());
  const std::size_t bytes = size_of(x.dtype());
  Sizes own = sizes_at(x), strides(sizes.size(), 0);
  std::int64_t stride = 1;
  for (std::size_t i = 1; i <= own.size(); ++i) {
    if (own[own.size() - i] != 1) strides[sizes.size() - i] = stride;
    stride *= own[own.size() - i];
  }
  for (std::int64_t i = 0; i < result.shape().size(); ++i) {
    std::int64_t rest = i, at = 0;
    for (std::size_t k = sizes.size(); k-- > 0;) {
      at += rest % sizes[k] * strides[k];
      rest /= sizes[k];
    }
    std::memcpy(result.data() + static_cast<std::size_t>(i) * bytes, x.data() + static_cast<std::size_t>(at) * bytes,
                bytes);
  }
  return result;
}

std::optional<Tensor> made(const Graph& graph, const Node& node, std::int64_t most) {
  if (node.is("ConstantOfShape")) {
    const auto sizes = whole_numbers(graph, node.input(0));
    if (!sizes) return {};
    Tensor one(Shape{}, DType::float32);
    if (const auto value = node.attributes.find("value"); value != node.attributes.end())
      if (const auto* given = std::get_if<std::shared_ptr<const Tensor>>(&value->second)) one = (*given)->clone();
    if (one.shape().size() != 1) refuse(node, "one number", to_string(one.shape()));
    return repeated(Tensor::copy_of(one.view().reshaped(Shape{})), *sizes, most, node);
  }
  if (node.is("Range")) {
    const auto start = graph.scalar(node.input(0)), limit = graph.scalar(node.input(1)),
               delta = graph.scalar(node.input(2));
    if (!start || !limit || !delta || *delta == 0) return {};
    const double count = std::max(0.0, std::ceil((*limit - *start) / *delta));
    if (!(count <= static_cast<double>(most))) refuse(node, "constants of a moderate size", std::to_string(count));
    Tensor numbers(Shape{static_cast<std::int64_t>(count)}, DType::float64);
    double at = 0;
    for (double& number : numbers.as<double>()) number = *start + *delta * at++;
    return converted(numbers, graph.constant(node.input(0))->dtype());
  }
  return {};
}

}  // namespace

std::optional<std::vector<Constant>> evaluate_places(const Graph& graph, const Node& node, std::int64_t most_elements) {
  const auto one = [](Constant constant) {
    std::vector<Constant> all;
    all.push_back(std::move(constant));
    return all;
  };
  if (auto tensor = made(graph, node, most_elements)) return one({.value = std::move(*tensor)});
  const Constant* x = graph.constant_entry(node.input(0));
  if (!x) return {};
  const Sizes in = sizes_at(x->value);
  if (node.is("Identity")) return one(reshaped(*x, in));
  if (node.is("Transpose")) return one(transposed(*x, node));
  if (node.is("Squeeze")) return one(reshaped(*x, squeezed(graph, node, in)));
  if (node.is("Unsqueeze")) return one(reshaped(*x, unsqueezed(graph, node, in)));
  if (node.is("Reshape")) {
    const auto target = list_of(graph, node, "shape", 1);
    if (!target) return {};
    return one(reshaped(*x, reshaped_to(graph, node, in, *target)));
  }
  if (node.is("Flatten")) {
    const auto axis = static_cast<std::ptrdiff_t>(node.integer("axis", 1));
    const std::ptrdiff_t at = axis < 0 ? axis + std::ssize(in) : axis;
    if (at < 0 || at > std::ssize(in)) refuse(node, "an axis of its input", std::to_string(axis));
    return one(reshaped(*x, {product(std::span(in).first(static_cast<std::size_t>(at))),
                             product(std::span(in).subspan(static_cast<std::size_t>(at)))}));
  }
  if (node.is("Concat")) return one({.value = joined(graph, node, most_elements)});
  if (node.is("Gather")) return one({.value = gathered(graph, node, x->value, most_elements)});
  if (node.is("Slice")) return one({.value = taken(x->value, slices_of(graph, node, in))});
  if (node.is("Split")) {
    std::vector<Constant> parts;
    for (const Taken& part : parts_of(graph, node, in)) parts.push_back({.value = taken(x->value, {part})});
    return parts;
  }
  if (node.is("Expand")) {
    const auto target = whole_numbers(graph, node.input(1));
    if (!target) return {};
    return one({.value = repeated(x->value, broadcast(in, *target, node), most_elements, node)});
  }
  return {};
}

}  // namespace evenkeel::interchange::onnx
