#include <algorithm>
#include <cmath>

#include "evenkeel/interchange/onnx/operator_parts.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel::interchange::onnx {
namespace {

/// A view whose axes are whole, and the order in which ours has them.
struct Whole {
  View view;
  std::vector<int> order;

  int place(int axis) const { return static_cast<int>(std::ranges::find(order, axis) - order.begin()); }
  /// Elements before, along and after an axis of the file, in ours.
  Sizes around(int axis) const {
    std::int64_t before = 1, after = 1;
    const int at = place(axis);
    for (int i = 0; i < static_cast<int>(order.size()); ++i) {
      const std::int64_t size = view.foreign[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])];
      if (i < at) before *= size;
      if (i > at) after *= size;
    }
    return {before, view.foreign[static_cast<std::size_t>(axis)], after};
  }
  /// The same with another size of an axis, made by a layer in whatever shape.
  View with(int axis, std::int64_t size, std::string layer, Sizes ours) const {
    Sizes foreign = view.foreign;
    foreign[static_cast<std::size_t>(axis)] = size;
    View result = view_of_layer(std::move(layer), foreign, order);
    result.ours = std::move(ours);
    return result;
  }
};

Whole whole(Converter& converter, const Node& node, const View& view) {
  if (auto order = order_of(view)) return {view, *order};
  const std::vector<int> natural = in_order(view.foreign.size());
  return {converter.ordered(node, view, natural), natural};
}

bool is_image_in_place(const Whole& x, int axis) {
  return x.view.foreign.size() == 3 && x.order == last_order(3) && axis > 0;
}

/// Elements [begin, begin + count) of an axis; `name` gives the layer the node's own name.
View part_of(Converter& converter, const Node& node, const View& view, int axis, std::int64_t begin,
             std::int64_t count) {
  const std::int64_t size = view.foreign[static_cast<std::size_t>(axis)];
  if (count == size) return view;
  if (count < 1) unsupported(node, "nothing");
  const Whole x = whole(converter, node, view);
  if (x.place(axis) == static_cast<int>(x.order.size()) - 1) {
    Sizes ours;
    for (const int one : x.order) ours.push_back(view.foreign[static_cast<std::size_t>(one)]);
    const View shaped = converter.in_shape(node, x.view, ours);
    ours.back() = count;
    return x.with(axis, count, converter.add(node, SliceChannels{.begin = begin, .count = count}, {shaped.layer}),
                  ours);
  }
  if (is_image_in_place(x, axis)) {
    const Sizes& in = view.foreign;
    const View shaped = converter.in_shape(node, x.view, {in[1], in[2], in[0]});
    const std::int64_t end = size - begin - count;
    const Margins margins = axis == 1 ? Margins(begin, end, 0, 0) : Margins(0, 0, begin, end);
    const std::string layer = converter.add(node, Cropping2D{.cropping = margins}, {shaped.layer});
    return x.with(axis, count, layer, {axis == 1 ? count : in[1], axis == 2 ? count : in[2], in[0]});
  }
  const Sizes around = x.around(axis);
  const View shaped = converter.in_shape(node, x.view, around);
  const Cropping2D layer{.cropping = Margins(0, 0, begin, size - begin - count)};
  return x.with(axis, count, converter.add(node, layer, {shaped.layer}), {around[0], count, around[2]});
}

/// Each `step`-th element of an axis, from the first one: a pooling over windows of one.
View each_of(Converter& converter, const Node& node, const View& view, int axis, std::int64_t step,
             std::int64_t count) {
  const Whole x = whole(converter, node, view);
  const Sizes around = x.around(axis);
  const View shaped = converter.in_shape(node, x.view, around);
  const MaxPooling2D layer{.pool_size = 1, .strides = Size2D(1, step)};
  return x.with(axis, count, converter.add(node, layer, {shaped.layer}), {around[0], count, around[2]});
}

View taken(Converter& converter, const Node& node, const View& view, const Taken& part) {
  const std::int64_t count = part.count();
  if (part.axis == 0) {
    if (part.begin != 0 || part.step != 1 || part.end < kBatch) unsupported(node, "a part of the batch");
    return view;
  }
  if (part.step < 0) unsupported(node, "a negative step");
  if (count < 1) unsupported(node, "nothing of its input");
  const int axis = part.axis - 1;
  const View range = part_of(converter, node, view, axis, part.begin, (count - 1) * part.step + 1);
  return part.step == 1 ? range : each_of(converter, node, range, axis, part.step, count);
}

void slice(Converter& converter, const Node& node) {
  View view = converter.view(node);
  for (const Taken& part : slices_of(converter.graph(), node, *converter.graph().shape(node.input(0))))
    view = taken(converter, node, view, part);
  converter.set(node.output(), view);
}

void split(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  const auto parts = parts_of(converter.graph(), node, *converter.graph().shape(node.input(0)));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string& output = node.output(i);
    if (output.empty() || (converter.graph().consumers(output).empty() && !converter.graph().is_output(output)))
      continue;
    converter.set(output, taken(converter, node, view, parts[i]));
  }
}

bool follow_each_other(const Sizes& numbers) {
  for (std::size_t i = 1; i < numbers.size(); ++i)
    if (numbers[i] != numbers[0] + static_cast<std::int64_t>(i)) return false;
  return true;
}

/// Elements of an axis in any order: runs of neighbours, joined.
View picked_of(Converter& converter, const Node& node, const View& view, int axis, const Sizes& numbers) {
  constexpr std::size_t kMostRuns = 256;
  std::vector<int> order;
  for (int i = 0; i < static_cast<int>(view.foreign.size()); ++i)
    if (i != axis) order.push_back(i);
  order.push_back(axis);
  std::vector<std::string> layers;
  for (std::size_t first = 0, end = 0; first < numbers.size(); first = end) {
    while (end < numbers.size() && numbers[end] == numbers[first] + static_cast<std::int64_t>(end - first)) ++end;
    if (layers.size() == kMostRuns) unsupported(node, "indices of very many runs");
    const View run = part_of(converter, node, view, axis, numbers[first], static_cast<std::int64_t>(end - first));
    layers.push_back(converter.ordered(node, run, order).layer);
  }
  Sizes foreign = view.foreign;
  foreign[static_cast<std::size_t>(axis)] = std::ssize(numbers);
  return view_of_layer(converter.add(node, Concatenate{}, layers), foreign, order);
}

void gather(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  const Tensor* indices = converter.graph().constant(node.input(1));
  if (!indices) unsupported(node, "indices that depend on the inputs of the network");
  const int rank = static_cast<int>(view.foreign.size()) + 1, axis = axis_of(node.integer("axis", 0), rank, node);
  Sizes numbers = *whole_numbers(converter.graph(), node.input(1));
  const std::int64_t size = axis == 0 ? kBatch : view.foreign[static_cast<std::size_t>(axis) - 1];
  for (std::int64_t& number : numbers) {
    if (number < -size || number >= size) refuse(node, "indices below " + std::to_string(size), std::to_string(number));
    if (number < 0) number += size;
  }
  if (axis == 0 || numbers.empty() || indices->shape().rank() > 1) unsupported(node, "samples, or a table of indices");
  if (!follow_each_other(numbers))
    return converter.set(node.output(), picked_of(converter, node, view, axis - 1, numbers));
  const View part = part_of(converter, node, view, axis - 1, numbers[0], std::ssize(numbers));
  if (indices->shape().rank() == 1) return converter.set(node.output(), part);
  Sizes foreign = part.foreign;
  foreign.erase(foreign.begin() + axis - 1);
  View result = *reshaped(part, foreign);  // without an axis of size 1: the factors are the same
  result.pending = &node;
  converter.set(node.output(), result);
}

enum class Around { zeros, reflect, edge };

Layer padding_layer(Around how, const Margins& margins) {
  if (how == Around::zeros) return ZeroPadding2D{.padding = margins};
  return Padding2D{.padding = margins, .mode = how == Around::reflect ? Surroundings::reflect : Surroundings::edge};
}

View padded(Converter& converter, const Node& node, View view, Around how, const Added& by) {
  const auto before = [&](int axis) { return by.before[static_cast<std::size_t>(axis) + 1]; };
  const auto after = [&](int axis) { return by.after[static_cast<std::size_t>(axis) + 1]; };
  const int rank = static_cast<int>(view.foreign.size());
  int first = 0;
  if (rank == 3 && before(0) == 0 && after(0) == 0 && (before(1) | after(1) | before(2) | after(2)) != 0) {
    const View x = converter.channels_last(node, view);
    const Margins margins(before(1), after(1), before(2), after(2));
    Sizes foreign = view.foreign;
    foreign[1] += before(1) + after(1);
    foreign[2] += before(2) + after(2);
    return view_of_layer(converter.add(node, padding_layer(how, margins), {x.layer}), foreign, last_order(3));
  }
  for (int axis = first; axis < rank; ++axis) {
    if (before(axis) == 0 && after(axis) == 0) continue;
    const Whole x = whole(converter, node, view);
    Sizes around = x.around(axis);
    const View shaped = converter.in_shape(node, x.view, around);
    around[1] += before(axis) + after(axis);
    const std::string layer =
        converter.add(node, padding_layer(how, Margins(0, 0, before(axis), after(axis))), {shaped.layer});
    view = x.with(axis, around[1], layer, around);
  }
  return view;
}

void pad(Converter& converter, const Node& node) {
  View view = converter.view(node);
  Added by = padding_of(converter.graph(), node, *converter.graph().shape(node.input(0)));
  const std::string mode = node.text("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge") unsupported(node, "mode \"" + mode + '"');
  if (by.before[0] != 0 || by.after[0] != 0) unsupported(node, "samples added to the batch");
  for (int axis = 0; axis < static_cast<int>(view.foreign.size()); ++axis) {
    std::int64_t &before = by.before[static_cast<std::size_t>(axis) + 1],
                 &after = by.after[static_cast<std::size_t>(axis) + 1];
    if (before >= 0 && after >= 0) continue;
    const std::int64_t begin = std::max<std::int64_t>(-before, 0), end = std::max<std::int64_t>(-after, 0);
    view = part_of(converter, node, view, axis, begin, view.foreign[static_cast<std::size_t>(axis)] - begin - end);
    before = std::max<std::int64_t>(before, 0);
    after = std::max<std::int64_t>(after, 0);
  }
  const double value = mode == "constant" ? number_of(converter.graph(), node, "value", 2).value_or(0) : 0;
  if (!std::isfinite(value)) unsupported(node, "infinite values around");
  const Around how = mode == "constant" ? Around::zeros : mode == "reflect" ? Around::reflect : Around::edge;
  // Another number than 0 around: the values minus that number, with zeros around, plus it again.
  if (value != 0) view = same_place(view, converter.help(node, Rescaling{.offset = -value}, view.layer, "minus"));
  view = padded(converter, node, view, how, by);
  if (value != 0) view = same_place(view, converter.help(node, Rescaling{.offset = value}, view.layer, "plus"));
  converter.set(node.output(), view);
}

}  // namespace

void add_slices(Operators& all) {
  all["Slice"] = slice;
  all["Split"] = split;
  all["Gather"] = gather;
  all["Pad"] = pad;
}

}  // namespace evenkeel::interchange::onnx
