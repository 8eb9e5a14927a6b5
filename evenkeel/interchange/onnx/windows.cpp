#include <fmt/format.h>

#include "evenkeel/interchange/onnx/operands.h"

namespace evenkeel::interchange::onnx {
namespace {

/// Larger strides and windows than any image: beyond them products would overflow.
constexpr std::int64_t kLargest = std::int64_t{1} << 20;

Sizes per_axis(const Node& node, const std::string& attribute, std::size_t axes, std::int64_t fallback,
               std::int64_t least) {
  Sizes sizes = node.integers(attribute, Sizes(axes, fallback));
  if (sizes.size() != axes) refuse(node, fmt::format("{} of {} axes", attribute, axes), to_text(sizes));
  for (const std::int64_t size : sizes)
    if (size < least || size > kLargest)
      refuse(node, fmt::format("{} of at least {}", attribute, least), to_text(sizes));
  return sizes;
}

/// Kernel, strides, dilations, and the pads of the file.
void read_window(WindowOf& window, const Node& node, const Sizes& spatial, const Sizes& kernel) {
  const std::size_t axes = spatial.size();
  if (axes == 0 || kernel.size() != axes) refuse(node, fmt::format("a window of {} axes", axes), to_text(kernel));
  window.kernel = kernel;
  for (const std::int64_t size : kernel)
    if (size < 1 || size > kLargest) refuse(node, "a window of at least 1", to_text(kernel));
  window.strides = per_axis(node, "strides", axes, 1, 1);
  window.dilations = per_axis(node, "dilations", axes, 1, 1);
  const Sizes pads = per_axis(node, "pads", 2 * axes, 0, -kLargest);
  window.begin.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(axes));
  window.end.assign(pads.begin() + static_cast<std::ptrdiff_t>(axes), pads.end());
}

std::int64_t span_of(const WindowOf& window, std::size_t i) { return (window.kernel[i] - 1) * window.dilations[i] + 1; }

/// A total of padding, its odd element at the end or (SAME_LOWER) at the beginning.
void share(WindowOf& window, std::size_t i, std::int64_t total, bool lower) {
  total = std::max<std::int64_t>(total, 0);
  window.begin[i] = lower ? total - total / 2 : total / 2;
  window.end[i] = total - window.begin[i];
}

}  // namespace

WindowOf window_of(const Node& node, const Sizes& spatial, const Sizes& kernel) {
  WindowOf window;
  read_window(window, node, spatial, kernel);
  const std::string rule = node.text("auto_pad", "NOTSET");
  const bool same = rule == "SAME_UPPER" || rule == "SAME_LOWER";
  if (!same && rule != "VALID" && rule != "NOTSET" && !rule.empty())
    refuse(node, "auto_pad NOTSET, SAME_UPPER, SAME_LOWER or VALID", rule);
  window.same = rule == "SAME_UPPER";
  const bool up = node.integer("ceil_mode", 0) != 0;
  for (std::size_t i = 0; i < spatial.size(); ++i) {
    const std::int64_t step = window.strides[i];
    if (rule == "VALID") window.begin[i] = window.end[i] = 0;
    if (same) {
      const std::int64_t outputs = (spatial[i] + step - 1) / step;
      share(window, i, (outputs - 1) * step + span_of(window, i) - spatial[i], rule == "SAME_LOWER");
    }
    const std::int64_t padded = spatial[i] + window.begin[i] + window.end[i], room = padded - span_of(window, i);
    if (room < 0)
      refuse(node, "a window that fits into the padded image", fmt::format("{} in {}", span_of(window, i), padded));
    std::int64_t outputs = (room + (up ? step - 1 : 0)) / step + 1;
    // A window that begins behind the image and its padding at the beginning is left out.
    if (up && (outputs - 1) * step >= spatial[i] + window.begin[i]) --outputs;
    window.outputs.push_back(outputs);
  }
  return window;
}

TransposedWindow transposed_window_of(const Node& node, const Sizes& spatial, const Sizes& kernel) {
  TransposedWindow window;
  read_window(window, node, spatial, kernel);
  window.added = per_axis(node, "output_padding", spatial.size(), 0, 0);
  const Sizes wanted = node.integers("output_shape");
  const std::string rule = node.text("auto_pad", "NOTSET");
  const bool same = rule == "SAME_UPPER" || rule == "SAME_LOWER";
  for (std::size_t i = 0; i < spatial.size(); ++i) {
    const std::int64_t full = (spatial[i] - 1) * window.strides[i] + span_of(window, i) + window.added[i];
    if (rule == "VALID") window.begin[i] = window.end[i] = 0;
    if (same || !wanted.empty()) {
      // output_shape may have the batch and the channels in front.
      std::int64_t outputs = spatial[i] * window.strides[i];
      if (!wanted.empty()) {
        if (wanted.size() < spatial.size()) refuse(node, "a size for each axis in output_shape", to_text(wanted));
        outputs = wanted[wanted.size() - spatial.size() + i];
      }
      if (outputs > full) {
        window.added[i] += outputs - full;
        window.begin[i] = window.end[i] = 0;
      } else {
        share(window, i, full - outputs, rule != "SAME_UPPER");
      }
    }
    window.outputs.push_back((spatial[i] - 1) * window.strides[i] + span_of(window, i) + window.added[i] -
                             window.begin[i] - window.end[i]);
    if (window.outputs.back() < 1) refuse(node, "an output of at least 1", std::to_string(window.outputs.back()));
  }
  return window;
}

}  // namespace evenkeel::interchange::onnx
