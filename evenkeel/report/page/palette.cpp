#include "evenkeel/report/page/palette.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace evenkeel {

Palette::Palette(const Report& report) {
  for (const Section& section : report.sections)
    for (const Part& part : section.parts) {
      if (const auto* lines = std::get_if<LineChart>(&part))
        for (const Curve& curve : lines->curves) add(key(curve));
      if (const auto* dots = std::get_if<DotChart>(&part))
        for (const DotChart::Row& row : dots->rows) add(row.name);
    }
}

void Palette::add(const std::string& name) {
  if (std::ranges::find(names_, name) == names_.end()) names_.push_back(name);
}

Look Palette::of(const std::string& name) const {
  const auto index = static_cast<std::size_t>(std::ranges::find(names_, name) - names_.begin());
  return {.colour = index % kColours, .shape = index % kShapes};
}

std::string marker_definitions() {
  static constexpr std::array<const char*, kShapes> kPaths = {
      "M-3.5,0a3.5,3.5 0 1,0 7,0a3.5,3.5 0 1,0 -7,0z",
      "M-3.2,-3.2h6.4v6.4h-6.4z",
      "M0,-4.2l4,7h-8z",
      "M0,-4.5l4.5,4.5l-4.5,4.5l-4.5,-4.5z",
      "M-2.8,-4.2l2.8,2.8l2.8,-2.8l1.4,1.4l-2.8,2.8l2.8,2.8l-1.4,1.4l-2.8,-2.8l-2.8,2.8l-1.4,-1.4l2.8,-2.8l-2.8,-2.8z",
      "M-1,-4.5h2v3.5h3.5v2h-3.5v3.5h-2v-3.5h-3.5v-2h3.5z",
      "M-4.5,-1.6h9v3.2h-9z",
  };
  std::string text = "<svg class=\"definitions\" aria-hidden=\"true\"><defs>";
  for (std::size_t i = 0; i < kShapes; ++i) text += fmt::format("<path id=\"m{}\" d=\"{}\"/>", i, kPaths[i]);
  return text + "</defs></svg>\n";
}

std::string marker_at(const std::string& x, const std::string& y, Look look, bool hollow, const std::string& content) {
  return fmt::format("<use class=\"{} c{}\" href=\"#m{}\" x=\"{}\" y=\"{}\">{}</use>", hollow ? "hollow" : "mark",
                     look.colour, look.shape, x, y, content);
}

}  // namespace evenkeel
