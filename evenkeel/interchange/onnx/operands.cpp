#include "evenkeel/interchange/onnx/operands.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace evenkeel::interchange::onnx {

void refuse(const Node& node, const std::string& expected, const std::string& received) {
  throw Error{{.where = node.where(), .expected = expected, .received = received}};
}

void unsupported(const Node& node, const std::string& what) {
  throw Error{{.kind = Error::unsupported, .where = node.where(), .received = what}};
}

std::int64_t product(std::span<const std::int64_t> sizes) {
  std::int64_t all = 1;
  for (const std::int64_t size : sizes)
    if (size < 0 || __builtin_mul_overflow(all, size, &all))
      throw Error{{.expected = "a number of elements that fits into 63 bits",
                   .received = to_text({sizes.begin(), sizes.end()})}};
  return all;
}

std::string to_text(const Sizes& sizes) {
  std::string text = "[";
  for (const std::int64_t size : sizes) {
    if (text.size() > 1) text += ", ";
    if (size != 0 && size % kBatch == 0)
      text += size == kBatch ? "N" : fmt::format("{} N", size / kBatch);
    else
      text += std::to_string(size);
  }
  return text + ']';
}

std::optional<Sizes> whole_numbers(const Graph& graph, const std::string& value) {
  const Tensor* tensor = graph.constant(value);
  if (!tensor) return {};
  const Tensor numbers = converted(*tensor, DType::int64);
  const auto all = numbers.as<std::int64_t>();
  return Sizes(all.begin(), all.end());
}

std::optional<Sizes> list_of(const Graph& graph, const Node& node, const std::string& attribute, std::size_t input) {
  if (node.has(attribute)) return node.integers(attribute);
  if (node.input(input).empty()) return {};
  auto numbers = whole_numbers(graph, node.input(input));
  if (!numbers) unsupported(node, attribute + " that depend on the inputs of the network");
  return numbers;
}

std::optional<double> number_of(const Graph& graph, const Node& node, const std::string& attribute, std::size_t input) {
  if (node.has(attribute)) return node.number(attribute, 0);
  if (node.input(input).empty()) return {};
  const auto number = graph.scalar(node.input(input));
  if (!number) unsupported(node, attribute + " that is not one constant number");
  return number;
}

int axis_of(std::int64_t axis, int rank, const Node& node) {
  if (axis < -rank || axis >= rank)
    refuse(node, fmt::format("an axis of a value with {} axes", rank), std::to_string(axis));
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::vector<int> axes_of(const Sizes& axes, int rank, const Node& node) {
  std::vector<int> all;
  for (const std::int64_t axis : axes) all.push_back(axis_of(axis, rank, node));
  std::ranges::sort(all);
  if (std::ranges::adjacent_find(all) != all.end()) refuse(node, "each axis once", "one twice");
  return all;
}

const Sizes& shape_of(const Graph& graph, const Node& node, std::size_t i) {
  const Sizes* shape = graph.shape(node.input(i));
  if (!shape) unsupported(node, "an input whose shape depends on the data");
  return *shape;
}

Sizes broadcast(const Sizes& a, const Sizes& b, const Node& node) {
  Sizes result(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 1; i <= result.size(); ++i) {
    const std::int64_t m = i <= a.size() ? a[a.size() - i] : 1, n = i <= b.size() ? b[b.size() - i] : 1;
    if (m != n && m != 1 && n != 1) refuse(node, "shapes that go together", to_text(a) + " and " + to_text(b));
    result[result.size() - i] = m == 1 ? n : m;
  }
  return result;
}

std::int64_t Taken::count() const {
  if (step > 0) return end > begin ? (end - begin - 1) / step + 1 : 0;
  return begin > end ? (begin - end - 1) / -step + 1 : 0;
}

std::vector<Taken> slices_of(const Graph& graph, const Node& node, const Sizes& in) {
  const auto starts = list_of(graph, node, "starts", 1), ends = list_of(graph, node, "ends", 2);
  const auto axes = list_of(graph, node, "axes", 3), steps = list_of(graph, node, "steps", 4);
  if (!starts || !ends || starts->size() != ends->size() || (axes && axes->size() != starts->size()) ||
      (steps && steps->size() != starts->size()))
    refuse(node, "as many starts, ends, axes and steps", "other numbers of them");
  std::vector<Taken> all;
  for (std::size_t i = 0; i < starts->size(); ++i) {
    Taken taken{.axis = axis_of(axes ? (*axes)[i] : static_cast<std::int64_t>(i), static_cast<int>(in.size()), node),
                .begin = (*starts)[i],
                .end = (*ends)[i],
                .step = steps ? (*steps)[i] : 1};
    if (taken.step == 0) refuse(node, "steps other than 0", "0");
    const std::int64_t size = in[static_cast<std::size_t>(taken.axis)];
    const bool forward = taken.step > 0;
    const auto placed = [&](std::int64_t at) {
      return std::clamp(at < 0 && at >= -size ? at + size : at, forward ? std::int64_t{0} : std::int64_t{-1},
                        forward ? size : size - 1);
    };
    taken.begin = std::max<std::int64_t>(placed(taken.begin), 0);
    taken.end = placed(taken.end);
    all.push_back(taken);
  }
  return all;
}

std::vector<Taken> parts_of(const Graph& graph, const Node& node, const Sizes& in) {
  const int axis = axis_of(node.integer("axis", 0), static_cast<int>(in.size()), node);
  const std::int64_t size = in[static_cast<std::size_t>(axis)];
  const auto outputs = static_cast<std::int64_t>(node.outputs.size());
  auto sizes = list_of(graph, node, "split", 1);
  if (!sizes) {
    // Equal parts; the last one is smaller where the size is not a multiple.
    const std::int64_t part = (size + outputs - 1) / outputs;
    sizes.emplace(static_cast<std::size_t>(outputs), part);
    sizes->back() = size - part * (outputs - 1);
  }
  std::vector<Taken> all;
  std::int64_t at = 0;
  for (const std::int64_t part : *sizes) {
    if (part < 0 || part > size - at) break;
    all.push_back({.axis = axis, .begin = at, .end = at + part});
    at += part;
  }
  if (at != size || std::ssize(all) != outputs)
    refuse(node, fmt::format("{} parts that make {} together", outputs, size), to_text(*sizes));
  return all;
}

Added padding_of(const Graph& graph, const Node& node, const Sizes& in) {
  const auto pads = list_of(graph, node, "pads", 1);
  const auto named = list_of(graph, node, "axes", 3);
  std::vector<int> axes;
  if (named) {
    for (const std::int64_t axis : *named) axes.push_back(axis_of(axis, static_cast<int>(in.size()), node));
  } else {
    for (int i = 0; i < static_cast<int>(in.size()); ++i) axes.push_back(i);
  }
  if (!pads || pads->size() != 2 * axes.size()) refuse(node, "two numbers for each axis", "other numbers of pads");
  Added added{Sizes(in.size(), 0), Sizes(in.size(), 0)};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::int64_t before = (*pads)[i], after = (*pads)[i + axes.size()];
    constexpr std::int64_t kMost = std::int64_t{1} << 40;
    if (before < -kMost || before > kMost || after < -kMost || after > kMost)
      refuse(node, "padding of a size that an image can have", to_text(*pads));
    added.before[static_cast<std::size_t>(axes[i])] = before;
    added.after[static_cast<std::size_t>(axes[i])] = after;
  }
  return added;
}

Sizes reshaped_to(const Graph& graph, const Node& node, const Sizes& in, Sizes target) {
  const bool zero_copies = node.integer("allowzero", 0) == 0;
  for (std::size_t i = 0; i < target.size(); ++i)
    if (target[i] == 0 && zero_copies) target[i] = i < in.size() ? in[i] : 1;
  const std::int64_t total = product(in);
  const auto rest = [&](const Sizes& sizes) {
    std::int64_t known = 1;
    for (const std::int64_t size : sizes)
      if (size != -1) known = size < 0 || known < 0 || __builtin_mul_overflow(known, size, &known) ? -1 : known;
    return known <= 0 || total % known != 0 ? std::int64_t{0} : total / known;
  };
  const auto free = std::ranges::count(target, -1);
  const bool has_batch = std::ranges::any_of(target, [](std::int64_t n) { return n > 0 && n % kBatch == 0; });
  // The number of the file's own batch stands for any.
  if (graph.fixed_batch > 0 && !has_batch && total % kBatch == 0)
    for (std::size_t i = 0; i < target.size(); ++i) {
      if (target[i] <= 0 || target[i] % graph.fixed_batch != 0) continue;
      Sizes scaled = target;
      scaled[i] = target[i] / graph.fixed_batch * kBatch;
      const std::int64_t left = rest(scaled);
      if ((free == 0 && left == 1) || (free == 1 && left > 0 && i == 0)) {
        target = scaled;
        break;
      }
    }
  const std::int64_t left = rest(target);
  if (free > 1 || left == 0 || (free == 0 && left != 1))
    refuse(node, "a shape of as many elements as " + to_text(in), to_text(target));
  std::ranges::replace(target, -1, left);
  return target;
}

Resized resized_of(const Graph& graph, const Node& node, const Sizes& in) {
  const bool upsample = node.op == "Upsample" || graph.opset < 11;
  const std::size_t scales_at = upsample ? 1 : 2;
  Resized result{.sizes = in, .scales = std::vector<double>(in.size(), 1)};
  std::vector<int> axes;
  if (node.has("axes")) {
    for (const std::int64_t axis : node.integers("axes"))
      axes.push_back(axis_of(axis, static_cast<int>(in.size()), node));
  } else {
    for (int i = 0; i < static_cast<int>(in.size()); ++i) axes.push_back(i);
  }
  if (!upsample && !node.input(3).empty()) {
    const auto sizes = whole_numbers(graph, node.input(3));
    if (!sizes) unsupported(node, "sizes that depend on the inputs of the network");
    if (sizes->size() != axes.size()) refuse(node, "a size for each axis", to_text(*sizes));
    if (node.text("keep_aspect_ratio_policy", "stretch") != "stretch")
      unsupported(node, "keep_aspect_ratio_policy \"" + node.text("keep_aspect_ratio_policy", "") + '"');
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const auto axis = static_cast<std::size_t>(axes[i]);
      if (axis == 0 && (*sizes)[i] == graph.fixed_batch) continue;
      if ((*sizes)[i] < 1) refuse(node, "sizes of at least 1", to_text(*sizes));
      result.sizes[axis] = (*sizes)[i];
      result.scales[axis] = static_cast<double>((*sizes)[i]) / static_cast<double>(in[axis]);
    }
    return result;
  }
  std::vector<double> scales = node.numbers("scales");
  if (const Tensor* given = graph.constant(node.input(scales_at))) {
    const Tensor numbers = converted(*given, DType::float64);
    const auto all = numbers.as<double>();
    scales.assign(all.begin(), all.end());
  }
  if (scales.size() != axes.size()) unsupported(node, "scales that are not one constant for each axis");
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(axes[i]);
    if (!(scales[i] > 0) || !(scales[i] < 1e6)) refuse(node, "scales above 0", fmt::format("{}", scales[i]));
    result.scales[axis] = scales[i];
    result.sizes[axis] =
        scales[i] == 1 ? in[axis] : static_cast<std::int64_t>(std::floor(static_cast<double>(in[axis]) * scales[i]));
    if (result.sizes[axis] < 1) refuse(node, "scales that leave an image", fmt::format("{}", scales[i]));
  }
  return result;
}

}  // namespace evenkeel::interchange::onnx
