#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/interchange/onnx/operator_parts.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel::interchange::onnx {
namespace {

/// Where output pixel i lies among the input's, by a rule of the file.
double place_of(const std::string& rule, double i, double scale, double in, double out, const Node& node) {
  if (rule == "half_pixel") return (i + 0.5) / scale - 0.5;
  if (rule == "pytorch_half_pixel") return out > 1 ? (i + 0.5) / scale - 0.5 : 0;
  if (rule == "align_corners") return scale * in > 1 ? i * (in - 1) / (scale * in - 1) : 0;
  if (rule == "asymmetric") return i / scale;
  if (rule == "tf_half_pixel_for_nn") return (i + 0.5) / scale;
  if (rule == "half_pixel_symmetric") {
    const double adjusted = scale * in, offset = in / 2 * (1 - out / adjusted);
    return offset + (i + 0.5) / scale - 0.5;
  }
  unsupported(node, "coordinate_transformation_mode \"" + rule + '"');
}

double nearest_of(const std::string& rule, double x) {
  if (rule == "floor") return std::floor(x);
  if (rule == "ceil") return std::ceil(x);
  if (rule == "round_prefer_ceil") return std::floor(x + 0.5);
  return std::ceil(x - 0.5);  // round_prefer_floor
}

struct Rules {
  std::string mode, coordinates, nearest;
};

Rules rules_of(const Graph& graph, const Node& node) {
  // Until opset 10 pixels are at i / scale, and the nearest one is the one before.
  const bool old = node.op == "Upsample" || graph.opset < 11;
  Rules rules{.mode = node.text("mode", "nearest"),
              .coordinates = node.text("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"),
              .nearest = node.text("nearest_mode", old ? "floor" : "round_prefer_floor")};
  if (rules.mode == "bilinear") rules.mode = "linear";
  if (rules.mode != "nearest" && rules.mode != "linear")
    unsupported(node, "mode \"" + rules.mode + "\", where nearest and linear are known");
  return rules;
}

/// Whether a rule of ours finds the same pixels along an axis. It is computed, not looked up: whether two rules differ
/// depends on the sizes.
bool is_nearest(const Rules& rules, std::int64_t in, std::int64_t out, double scale, const Node& node) {
  for (std::int64_t i = 0; i < out; ++i) {
    const double x = place_of(rules.coordinates, static_cast<double>(i), scale, static_cast<double>(in),
                              static_cast<double>(out), node);
    const double theirs = std::clamp(nearest_of(rules.nearest, x), 0.0, static_cast<double>(in - 1));
    if (theirs != static_cast<double>((2 * i + 1) * in / (2 * out))) return false;
  }
  return true;
}

bool is_linear(const Rules& rules, std::int64_t in, std::int64_t out, double scale, bool corners, const Node& node) {
  const double last = static_cast<double>(in - 1);
  for (std::int64_t i = 0; i < out; ++i) {
    const auto at = static_cast<double>(i);
    const double x = place_of(rules.coordinates, at, scale, static_cast<double>(in), static_cast<double>(out), node);
    const double y = corners ? (out > 1 ? at * last / static_cast<double>(out - 1) : 0)
                             : (at + 0.5) * static_cast<double>(in) / static_cast<double>(out) - 0.5;
    if (std::abs(std::clamp(x, 0.0, last) - std::clamp(y, 0.0, last)) > 1e-5) return false;
  }
  return true;
}

Layer resizing_layer(const Sizes& in, const Sizes& out, Interpolation how, bool corners) {
  if (out[0] % in[0] == 0 && out[1] % in[1] == 0)
    return UpSampling2D{.size = Size2D(out[0] / in[0], out[1] / in[1]), .interpolation = how, .align_corners = corners};
  return Resizing{.height = out[0], .width = out[1], .interpolation = how, .align_corners = corners};
}

void resize(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  const Sizes in = *converter.graph().shape(node.input(0));
  const Resized resized = resized_of(converter.graph(), node, in);
  if (resized.sizes == in) return converter.set(node.output(), view);
  if (in.size() < 3 || resized.sizes[0] != in[0] || resized.sizes[1] != in[1])
    unsupported(node, "channels or samples that are resized");
  if (node.integer("antialias", 0) != 0) unsupported(node, "antialias");
  const Rules rules = rules_of(converter.graph(), node);
  const bool nearest = rules.mode == "nearest";
  bool plain = true, corners = !nearest;
  for (std::size_t i = 2; i < in.size(); ++i) {
    const std::int64_t from = in[i], to = resized.sizes[i];
    if (std::max(from, to) > (std::int64_t{1} << 20)) refuse(node, "an image of moderate size", to_text(resized.sizes));
    plain = plain && (nearest ? is_nearest(rules, from, to, resized.scales[i], node)
                              : is_linear(rules, from, to, resized.scales[i], false, node));
    corners = corners && is_linear(rules, from, to, resized.scales[i], true, node);
  }
  if (!plain && !corners)
    unsupported(node, fmt::format("mode \"{}\" with coordinate_transformation_mode \"{}\"{} from {} to {}", rules.mode,
                                  rules.coordinates, nearest ? ", nearest_mode \"" + rules.nearest + '"' : "",
                                  to_text(in), to_text(resized.sizes)));
  const View x = as_image(converter, node, view);
  const Sizes positions(x.ours.begin(), x.ours.end() - 1);
  Sizes out(resized.sizes.begin() + 2, resized.sizes.end());
  if (out.size() == 1) out.insert(out.begin(), 1);
  const Layer layer =
      resizing_layer(positions, out, nearest ? Interpolation::nearest : Interpolation::bilinear, !plain);
  converter.set(node.output(),
                view_of_image(converter.add(node, layer, {x.layer}), {resized.sizes.begin() + 1, resized.sizes.end()}));
}

}  // namespace

void add_resizing(Operators& all) { all["Resize"] = all["Upsample"] = resize; }

}  // namespace evenkeel::interchange::onnx
