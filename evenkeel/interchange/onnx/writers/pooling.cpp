#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/interchange/onnx/layer_writer.h"
#include "evenkeel/kernels/resize/taps.h"

namespace evenkeel::interchange {
namespace {

/// An output's size as ONNX rounds it up, and whether that is ours: a last window that would begin behind the image is
/// not one of ours.
bool rounds_up_alike(std::int64_t in, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                     std::int64_t out) {
  return (in + padding - kernel + stride - 1) / stride + 1 == out;
}

template <class Pooling>
struct PoolWindow {
  PoolWindow(const Pooling& layer, const Shape& sample)
      : at(ops::window_over(sample.batched(1), {.kernel = layer.pool_size,
                                                .strides = layer.strides.value_or(layer.pool_size),
                                                .padding = layer.padding,
                                                .ceil_mode = layer.ceil_mode})),
        is_up(layer.ceil_mode && layer.padding != Padding::same) {}

  /// Whether ONNX's ceil_mode makes outputs of this size.
  bool is_onnx() const {
    return rounds_up_alike(at.h, at.kernel_h, at.stride_h, at.pad_top + at.given_bottom, at.oh) &&
           rounds_up_alike(at.w, at.kernel_w, at.stride_w, at.pad_left + at.given_right, at.ow);
  }
  void add_to(NodeMaker& node) const {
    node.with("kernel_shape", std::vector<std::int64_t>{at.kernel_h, at.kernel_w});
    node.with("strides", std::vector<std::int64_t>{at.stride_h, at.stride_w});
    const bool as_given = !is_up || is_onnx();
    // Else as much padding at the end as the windows cover; none of it counts.
    node.with("pads", std::vector<std::int64_t>{at.pad_top, at.pad_left, as_given ? at.given_bottom : at.pad_bottom(),
                                                as_given ? at.given_right : at.pad_right()});
    if (is_up && as_given) node.with("ceil_mode", 1);
  }
  /// Whether a window reaches past the padding.
  bool reaches_past() const { return at.pad_bottom() > at.given_bottom || at.pad_right() > at.given_right; }

  kernels::Window at;
  bool is_up;
};

}  // namespace

GraphValue write_layer(LayerSite& site, const MaxPooling2D& layer) {
  const GraphValue x = site.x_in(Layout::channels_first);
  NodeMaker node = site.graph.node("MaxPool", {x.name});
  PoolWindow(layer, x.ours).add_to(node);
  return site.value(node.output(), Layout::channels_first);
}

namespace {

/// A linear map of height and width as two matrices: rows, then columns.
GraphValue resampled(LayerSite& site, const kernels::Taps& rows, const kernels::Taps& columns) {
  const GraphValue x = site.x_in(Layout::channels_first);
  const auto matrix = [](const kernels::Taps& taps, bool is_left) {
    std::vector<double> values(static_cast<std::size_t>(taps.inputs() * taps.outputs()));
    for (std::int64_t out = 0; out < taps.outputs(); ++out)
      for (const kernels::Taps::Tap& tap : taps.of(out))
        values[static_cast<std::size_t>(is_left ? out * taps.inputs() + tap.from : tap.from * taps.outputs() + out)] =
            tap.weight;
    return values;
  };
  const std::string left = site.graph.numbers("rows", {rows.outputs(), rows.inputs()}, matrix(rows, true));
  const std::string right =
      site.graph.numbers("columns", {columns.inputs(), columns.outputs()}, matrix(columns, false));
  const std::string half = site.graph.node("MatMul", {left, x.name}, "of_rows").output();
  return site.value(site.graph.node("MatMul", {half, right}).output(), Layout::channels_first);
}

}  // namespace

GraphValue write_layer(LayerSite& site, const AveragePooling2D& layer) {
  const GraphValue x = site.x_in(Layout::channels_first);
  const PoolWindow window(layer, x.ours);
  // Runtimes differ in whether what lies past the padding counts.
  if (layer.count_include_pad && window.reaches_past()) {
    const kernels::Window& at = window.at;
    const auto taps = kernels::Taps::padded_means;
    return resampled(site, taps(at.h, at.oh, at.kernel_h, at.stride_h, at.pad_top, at.given_bottom),
                     taps(at.w, at.ow, at.kernel_w, at.stride_w, at.pad_left, at.given_right));
  }
  NodeMaker node = site.graph.node("AveragePool", {x.name});
  window.add_to(node);
  if (layer.count_include_pad) node.with("count_include_pad", 1);
  return site.value(node.output(), Layout::channels_first);
}

namespace {

GraphValue pooled_over_all(LayerSite& site, const char* op, bool keepdims) {
  const GraphValue x = site.x_in(Layout::channels_first);
  if (keepdims) return site.value(site.graph.node(op, {x.name}).output(), Layout::channels_first);
  const std::string pooled = site.graph.node(op, {x.name}, "pooled").output();
  return site.value(site.graph.node("Flatten", {pooled}).with("axis", 1).output(), Layout::ours);
}

}  // namespace

GraphValue write_layer(LayerSite& site, const GlobalAveragePooling2D& layer) {
  return pooled_over_all(site, "GlobalAveragePool", layer.keepdims);
}

GraphValue write_layer(LayerSite& site, const GlobalMaxPooling2D& layer) {
  return pooled_over_all(site, "GlobalMaxPool", layer.keepdims);
}

GraphValue write_layer(LayerSite& site, const AdaptiveAveragePooling2D& layer) {
  const Size2D to = layer.output_size;
  const Shape& from = site.x().ours;
  if (to == Size2D(from[0], from[1])) return site.x();
  if (to == Size2D(1)) return pooled_over_all(site, "GlobalAveragePool", true);
  if (from[0] % to.h != 0 || from[1] % to.w != 0)
    return resampled(site, kernels::Taps::means(from[0], to.h), kernels::Taps::means(from[1], to.w));
  const GraphValue x = site.x_in(Layout::channels_first);
  const std::vector<std::int64_t> window = {from[0] / to.h, from[1] / to.w};
  NodeMaker node = site.graph.node("AveragePool", {x.name});
  node.with("kernel_shape", window).with("strides", window);
  return site.value(node.output(), Layout::channels_first);
}

}  // namespace evenkeel::interchange
