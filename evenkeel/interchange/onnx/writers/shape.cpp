#include <algorithm>
#include <cmath>
#include <numeric>

#include "evenkeel/base/error.h"
#include "evenkeel/interchange/onnx/layer_writer.h"

namespace evenkeel::interchange {
namespace {

GraphValue padded(LayerSite& site, const Margins& by, const std::string& mode) {
  if (by == Margins(0)) return site.x();
  const GraphValue x = site.x_in(Layout::channels_first);
  const std::string pads = site.graph.whole_numbers("pads", {0, 0, by.top, by.left, 0, 0, by.bottom, by.right});
  NodeMaker node = site.graph.node("Pad", {x.name, pads});
  node.with_text("mode", mode);
  return site.value(node.output(), Layout::channels_first);
}

/// The elements [begin, end) along some axes.
std::string sliced(LayerSite& site, const std::string& x, const std::vector<std::int64_t>& begin,
                   const std::vector<std::int64_t>& end, const std::vector<std::int64_t>& axes) {
  GraphBuilder& graph = site.graph;
  const std::string starts = graph.whole_numbers("starts", begin), ends = graph.whole_numbers("ends", end);
  return graph.node("Slice", {x, starts, ends, graph.whole_numbers("axes", axes)}).output();
}

}  // namespace

GraphValue write_layer(LayerSite& site, const ZeroPadding2D& layer) { return padded(site, layer.padding, "constant"); }

GraphValue write_layer(LayerSite& site, const Padding2D& layer) {
  return padded(site, layer.padding, layer.mode == Surroundings::reflect ? "reflect" : "edge");
}

GraphValue write_layer(LayerSite& site, const Cropping2D& layer) {
  const Margins& by = layer.cropping;
  if (by == Margins(0)) return site.x();
  const GraphValue x = site.x_in(Layout::channels_first);
  const std::string y = sliced(site, x.name, {by.top, by.left}, {x.ours[0] - by.bottom, x.ours[1] - by.right}, {2, 3});
  return site.value(y, Layout::channels_first);
}

GraphValue write_layer(LayerSite& site, const SliceChannels& layer) {
  const GraphValue x = site.x().layout == Layout::flattened ? site.x_in(Layout::ours) : site.x();
  const std::string y = sliced(site, x.name, {layer.begin}, {layer.begin + layer.count}, {x.channel_axis()});
  return site.value(y, x.layout);
}

namespace {

/// A scale of float that every reader turns into this size: it may round the exact one down, and a size with it.
double scale_of(std::int64_t from, std::int64_t to) {
  auto scale = static_cast<float>(static_cast<double>(to) / static_cast<double>(from));
  const auto makes = [&](float s) {
    return std::floor(static_cast<float>(from) * s) == static_cast<float>(to) &&
           std::floor(static_cast<double>(from) * static_cast<double>(s)) == static_cast<double>(to);
  };
  while (!makes(scale)) scale = std::nextafter(scale, 1e30F);
  return scale;
}

/// Whether an output pixel's centre may lie on the edge of two input pixels, where rounding decides between them.
bool is_on_edges(std::int64_t from, std::int64_t to) {
  if (to % from == 0 || from % to == 0) return false;  // the scale, or its inverse, is a whole number
  for (std::int64_t i = 0; i < to; ++i)
    if ((2 * i + 1) * from % (2 * to) == 0) return true;
  return false;
}

std::string gathered(LayerSite& site, const std::string& x, std::int64_t from, std::int64_t to, int axis,
                     const std::string& suffix) {
  std::vector<std::int64_t> pixels;
  for (std::int64_t i = 0; i < to; ++i) pixels.push_back((2 * i + 1) * from / (2 * to));
  const std::string at = site.graph.whole_numbers(axis == 2 ? "rows" : "columns", pixels);
  return site.graph.node("Gather", {x, at}, suffix).with("axis", axis).output();
}

GraphValue resized(LayerSite& site, Interpolation interpolation, bool align_corners) {
  if (site.x().ours == site.output) return site.x();
  const GraphValue x = site.x_in(Layout::channels_first);
  const std::int64_t h = x.ours[0], w = x.ours[1], to_h = site.output[0], to_w = site.output[1];
  const bool is_nearest = interpolation == Interpolation::nearest, is_whole = to_h % h == 0 && to_w % w == 0;
  if (is_nearest && (is_on_edges(h, to_h) || is_on_edges(w, to_w))) {
    const std::string rows = gathered(site, x.name, h, to_h, 2, "of_rows");
    return site.value(gathered(site, rows, w, to_w, 3, ""), Layout::channels_first);
  }
  const std::string scales = site.graph.numbers("scales", {4}, {1, 1, scale_of(h, to_h), scale_of(w, to_w)});
  NodeMaker node = site.graph.node("Resize", {x.name, "", scales});
  node.with_text("mode", is_nearest ? "nearest" : "linear");
  if (is_nearest) {
    // Pixels repeated, as PyTorch writes it; else the pixel that the centre is in.
    node.with_text("coordinate_transformation_mode", is_whole ? "asymmetric" : "half_pixel");
    node.with_text("nearest_mode", is_whole ? "floor" : "round_prefer_ceil");
  } else {
    node.with_text("coordinate_transformation_mode", align_corners ? "align_corners" : "half_pixel");
  }
  return site.value(node.output(), Layout::channels_first);
}

}  // namespace

GraphValue write_layer(LayerSite& site, const UpSampling2D& layer) {
  return resized(site, layer.interpolation, layer.align_corners);
}

GraphValue write_layer(LayerSite& site, const Resizing& layer) {
  return resized(site, layer.interpolation, layer.align_corners);
}

GraphValue write_layer(LayerSite& site, const Flatten&) {
  const GraphValue& x = site.x();
  if (x.ours.rank() == 1) return x;
  GraphValue y = site.value(site.graph.node("Flatten", {x.name}).with("axis", 1).output(), Layout::ours);
  if (x.layout == Layout::channels_first && !is_order_free(x.ours)) {
    y.layout = Layout::flattened;
    y.images = x.ours;
  }
  return y;
}

GraphValue write_layer(LayerSite& site, const Reshape&) {
  // In our order; where the channels first and last are the same, no number moves.
  const GraphValue& given = site.x();
  const bool keeps = given.layout == Layout::channels_first && is_order_free(given.ours);
  const GraphValue x = keeps ? given : site.x_in(Layout::ours);
  GraphValue y = site.value("", is_order_free(site.output) ? Layout::channels_first : Layout::ours);
  if (site.output.rank() < 2) y.layout = Layout::ours;
  y.name = site.graph.reshape(x.name, y.sample(), "").output();
  return y;
}

GraphValue write_layer(LayerSite& site, const Permute& layer) {
  // The axes of ours, by where they are in the graph.
  const GraphValue x = site.x().layout == Layout::flattened ? site.x_in(Layout::ours) : site.x();
  std::vector<std::int64_t> order = {0};
  for (const std::int64_t dim : layer.dims)
    order.push_back(x.layout != Layout::channels_first ? dim : dim == x.ours.rank() ? 1 : dim + 1);
  return site.value(site.graph.node("Transpose", {x.name}).with("perm", order).output(), Layout::ours);
}

GraphValue write_layer(LayerSite& site, const ChannelShuffle& layer) {
  const GraphValue x = site.x().ours.rank() < 2 ? site.x_in(Layout::ours) : site.x_in(Layout::channels_first);
  const std::int64_t channels = x.ours.back();
  std::vector<std::int64_t> sizes = {layer.groups, channels / layer.groups};
  const Shape sample = x.sample();
  for (int i = 1; i < sample.rank(); ++i) sizes.push_back(sample[i]);
  std::vector<std::int64_t> order(sizes.size() + 1);
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[1], order[2]);
  const std::string groups = site.graph.reshape(x.name, Shape(sizes), "groups").output();
  const std::string turns = site.graph.node("Transpose", {groups}, "turns").with("perm", order).output();
  return LayerSite::like(x, site.graph.reshape(turns, sample, "").output());
}

}  // namespace evenkeel::interchange
