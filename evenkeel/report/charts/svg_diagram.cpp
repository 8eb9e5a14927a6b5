#include "evenkeel/report/charts/svg_diagram.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "evenkeel/base/text.h"
#include "evenkeel/report/charts/diagram_layout.h"
#include "evenkeel/report/charts/svg.h"
#include "evenkeel/report/page/markup.h"

namespace evenkeel {
namespace {

// All sizes are pixels of the picture, widths of letters those of common sans-serif faces.
constexpr double kTitleLetter = 8.4, kNameLetter = 6.7, kMargin = 3;

/// As many characters as fit. A longer text loses its middle, because its end, a number, distinguishes it from its
/// neighbours.
std::string cut(const std::string& text, double width) {
  std::vector<std::string> characters;
  for (const char c : text) {
    if ((c & 0xC0) != 0x80) characters.emplace_back();
    if (!characters.empty()) characters.back() += c;
  }
  const auto fits = static_cast<std::size_t>(std::max(0.0, width / kNameLetter));
  constexpr std::size_t kEnd = 3;
  if (characters.size() <= fits) return text;
  if (fits < 2 * kEnd) return {};
  const std::span all(characters);
  return join(all.first(fits - kEnd - 1), "") + "…" + join(all.last(kEnd), "");
}

class DiagramPicture {
 public:
  DiagramPicture(const DiagramLayout& layout, BoxSize size) : layout_(layout), size_(size) {}

  std::string text(const std::string& title) {
    const double width = layout_.width + 2 * kMargin, height = layout_.height + 2 * kMargin;
    // The picture may shrink a little before it has to be scrolled.
    svg_.add(
        "<svg class=\"diagram\" viewBox=\"{1:.0f} {1:.0f} {2:.0f} {3:.0f}\" width=\"{2:.0f}\" "
        "style=\"min-width:{4:.0f}px\" role=\"img\" aria-label=\"{0}\">\n",
        plain(title), -kMargin, width, height, 0.8 * width);
    for (const Wire& wire : layout_.wires) draw(wire);
    for (const PlacedBox& placed : layout_.boxes) draw(placed);
    return svg_.text() + "</svg>\n";
  }

 private:
  void draw(const Wire& wire) {
    constexpr double kRadius = 6, kHead = 5;
    const auto& corners = wire.corners;
    svg_.add("<path class=\"wire\" d=\"M{:.1f},{:.1f}", corners[0].first, corners[0].second);
    for (std::size_t i = 1; i + 1 < corners.size(); ++i) {
      const double x = corners[i].first, y = corners[i].second;
      // The corner's radius is limited by the length of both sides.
      const auto towards = [&](std::size_t other) {
        const double dx = corners[other].first - x, dy = corners[other].second - y, length = std::hypot(dx, dy);
        const double share = length > 0 ? std::min(kRadius, length / 2) / length : 0;
        return std::pair(x + share * dx, y + share * dy);
      };
      const auto [ax, ay] = towards(i - 1);
      const auto [bx, by] = towards(i + 1);
      svg_.add("L{:.1f},{:.1f}Q{:.1f},{:.1f} {:.1f},{:.1f}", ax, ay, x, y, bx, by);
    }
    const auto [x, y] = corners.back();
    svg_.add("L{0:.1f},{1:.1f}\"/><path class=\"head\" d=\"M{0:.1f},{2:.1f}l-4,-6h8z\"/>\n", x, y - kHead, y);
  }

  void draw(const PlacedBox& placed) {
    const LayerBox& box = *placed.box;
    const char* kind = box.times > 1                                                              ? "folded"
                       : std::ranges::any_of(box.lines, [](auto& l) { return l.parameters > 0; }) ? "learns"
                                                                                                  : "plain";
    svg_.add("<rect class=\"box {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.0f}\" height=\"{:.1f}\" rx=\"6\"/>\n", kind,
             placed.x, placed.y, size_.width, placed.height);
    double y = placed.y + kBoxPadding;
    if (box.times > 1) {
      std::int64_t parameters = 0;
      for (const LayerLine& line : box.lines) parameters += line.parameters;
      svg_.add("<text class=\"times\" x=\"{:.1f}\" y=\"{:.1f}\">{} ×</text>", placed.x + kBoxSide, y + 14, box.times);
      count(parameters, placed.x, y + 14);
      y += kFoldTitle;
    }
    for (const LayerLine& line : box.lines) y = draw(line, placed.x, y, box.times == 1);
    if (box.times > 1) chips(box.outputs, placed.x + kBoxSide, y + 4);
  }

  /// Returns where the next line begins.
  double draw(const LayerLine& line, double x, double y, bool alone) {
    const double right = x + size_.width - kBoxSide;
    const double type_width = kTitleLetter * static_cast<double>(line.type.size()) + 8;
    const double shape_width = kNameLetter * static_cast<double>(line.shape.size());
    svg_.add(
        "<text class=\"type\" x=\"{0:.1f}\" y=\"{1:.1f}\">{2}<tspan class=\"name\" "
        "dx=\"7\">{3}</tspan><title>{4}</title></text>",
        x + kBoxSide, y + 14, escaped(line.type),
        escaped(cut(line.name, size_.width - 2 * kBoxSide - type_width - shape_width - 6)), escaped(line.name));
    if (alone) svg_.add("<text class=\"shape\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", right, y + 14, line.shape);
    double below = y + 14;
    for (const std::string& settings : wrapped(line.settings, size_.characters))
      svg_.add("<text class=\"settings\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", x + kBoxSide, below += kSettingsLine,
               escaped(settings));
    count(line.parameters, x, y + 14 + kSettingsLine);
    svg_.add("\n");
    return y + height_of(line, size_);
  }

  void count(std::int64_t parameters, double x, double y) {
    if (parameters > 0)
      svg_.add("<text class=\"count\" x=\"{:.1f}\" y=\"{:.1f}\">{} params</text>", x + size_.width - kBoxSide, y,
               with_commas(parameters));
  }

  void chips(const std::vector<std::string>& shapes, double x, double y) {
    const std::size_t per_row = chips_per_row(size_);
    const double width = (size_.width - 2 * kBoxSide) / static_cast<double>(per_row);
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const double left = x + width * static_cast<double>(i % per_row),
                   top = y + kChip * static_cast<double>(i / per_row);
      svg_.add(
          "<rect class=\"chip\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" rx=\"4\"/>"
          "<text class=\"chip-text\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>",
          left, top, width - 4, kChip - 5, left + width / 2 - 2, top + 13, shapes[i]);
    }
    svg_.add("\n");
  }

  const DiagramLayout& layout_;
  BoxSize size_;
  Svg svg_;
};

}  // namespace

std::string svg_of(const Diagram& diagram) {
  const std::vector<LayerStack> stacks = stacks_of(diagram.model);
  const BoxSize size = box_size_for(stacks);
  return DiagramPicture(layout_of(stacks, size), size).text(diagram.title);
}

}  // namespace evenkeel
