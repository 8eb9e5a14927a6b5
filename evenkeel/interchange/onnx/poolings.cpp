#include <algorithm>

#include "evenkeel/interchange/onnx/operator_parts.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel::interchange::onnx {
namespace {

Size2D both_of(const Sizes& sizes) { return sizes.size() == 1 ? Size2D(1, sizes[0]) : Size2D(sizes[0], sizes[1]); }

template <class T>
T pooling_layer(const Node& node, const WindowOf& window) {
  if (std::ranges::any_of(window.dilations, [](auto n) { return n != 1; })) unsupported(node, "dilations");
  if (std::ranges::any_of(window.begin, [](auto n) { return n < 0; }) ||
      std::ranges::any_of(window.end, [](auto n) { return n < 0; }))
    unsupported(node, "negative padding");
  T layer{.pool_size = both_of(window.kernel),
          .strides = both_of(window.strides),
          .ceil_mode = node.integer("ceil_mode", 0) != 0};
  const Sizes &begin = window.begin, &end = window.end;
  if (window.same)
    layer.padding = Padding::same;
  else
    layer.padding = begin.size() == 1 ? Padding(0, 0, begin[0], end[0]) : Padding(begin[0], end[0], begin[1], end[1]);
  return layer;
}

template <class T>
void pooling(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  const View x = as_image(converter, node, view);
  const WindowOf window =
      window_of(node, {view.foreign.begin() + 1, view.foreign.end()}, node.integers("kernel_shape"));
  T layer = pooling_layer<T>(node, window);
  if constexpr (requires { layer.count_include_pad; })
    layer.count_include_pad = node.integer("count_include_pad", 0) != 0;
  Sizes foreign{view.foreign[0]};
  foreign.insert(foreign.end(), window.outputs.begin(), window.outputs.end());
  converter.set(node.output(), view_of_image(converter.add(node, layer, {x.layer}), foreign));
}

/// Whether some reader wants the result as an image with one position: a convolution, or an image to be multiplied
/// with.
bool wants_image(Converter& converter, const std::string& value) {
  return std::ranges::any_of(converter.graph().consumers(value), [&](const Node* reader) {
    if (reader->is("Identity") || reader->is("Dropout") || reader->is("Relu"))
      return wants_image(converter, reader->output());
    return !(reader->is("Flatten") || reader->is("Reshape") || reader->is("Squeeze"));
  });
}

/// Over some axes of a sample: those first, the others last, as an image whose pixels are pooled.
template <class T>
View over_axes(Converter& converter, const Node& node, const std::vector<int>& reduced, bool keep) {
  const View view = converter.view(node);
  std::vector<int> order = reduced, kept;
  Sizes foreign;
  for (int i = 0; i < static_cast<int>(view.foreign.size()); ++i) {
    const std::int64_t size = view.foreign[static_cast<std::size_t>(i)];
    const bool gone = std::ranges::find(reduced, i) != reduced.end();
    if (!gone) kept.push_back(i);
    if (!gone || keep) foreign.push_back(gone ? 1 : size);
  }
  std::int64_t positions = 1, channels = 1;
  for (const int axis : reduced) positions *= view.foreign[static_cast<std::size_t>(axis)];
  for (const int axis : kept) channels *= view.foreign[static_cast<std::size_t>(axis)];
  order.insert(order.end(), kept.begin(), kept.end());
  Sizes ours{positions, 1, channels};
  const bool is_image = reduced.size() == 2 && kept.size() == 1;
  if (is_image)
    ours = {view.foreign[static_cast<std::size_t>(reduced[0])], view.foreign[static_cast<std::size_t>(reduced[1])],
            channels};
  const View x = converter.ordered(node, view, order, ours);
  const bool as_pixel = keep && is_image && wants_image(converter, node.output());
  View result = view_of_layer(converter.add(node, T{.keepdims = as_pixel}, {x.layer}), foreign);
  result.ours = as_pixel ? Sizes{1, 1, channels} : Sizes{channels};
  return result;
}

template <class T>
void global(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  std::vector<int> positions = in_order(view.foreign.size());
  if (positions.size() < 2) unsupported(node, "an input without positions");
  positions.erase(positions.begin());
  converter.set(node.output(), over_axes<T>(converter, node, positions, true));
}

template <class T>
void reduction(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  const auto named = list_of(converter.graph(), node, "axes", 1);
  if (!named || named->empty()) {
    if (named && node.integer("noop_with_empty_axes", 0) != 0) return converter.set(node.output(), view);
    unsupported(node, "a reduction of the batch");
  }
  std::vector<int> axes;
  for (const int axis : axes_of(*named, static_cast<int>(view.foreign.size()) + 1, node)) {
    if (axis == 0) unsupported(node, "a reduction of the batch");
    axes.push_back(axis - 1);
  }
  View result = over_axes<T>(converter, node, axes, node.integer("keepdims", 1) != 0);
  if (node.op == "ReduceSum") {
    std::int64_t count = 1;
    for (const int axis : axes) count *= view.foreign[static_cast<std::size_t>(axis)];
    result.layer = converter.help(node, Rescaling{.scale = static_cast<double>(count)}, result.layer, "sum");
  }
  converter.set(node.output(), result);
}

}  // namespace

void add_poolings(Operators& all) {
  all["MaxPool"] = pooling<MaxPooling2D>;
  all["AveragePool"] = pooling<AveragePooling2D>;
  all["GlobalAveragePool"] = global<GlobalAveragePooling2D>;
  all["GlobalMaxPool"] = global<GlobalMaxPooling2D>;
  all["ReduceMean"] = all["ReduceSum"] = reduction<GlobalAveragePooling2D>;
  all["ReduceMax"] = reduction<GlobalMaxPooling2D>;
}

}  // namespace evenkeel::interchange::onnx
