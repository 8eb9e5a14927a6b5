#include "evenkeel/report/charts/svg_rows.h"

#include <algorithm>

#include "evenkeel/report/page/markup.h"

namespace evenkeel {

RowPicture::RowPicture(const std::string& title, Axis axis, double row_height, std::size_t rows)
    : axis_(std::move(axis)), row_height_(row_height) {
  add("{}", chart_begin(title, {.height = row_height * static_cast<double>(rows)}));
  for (const double tick : axis_.ticks())
    add("{}", column_tick(axis_.position(tick), readable(tick), "<line class=\"grid\" y1=\"-100%\"/>"));
  add("<line class=\"base\" y1=\"100%\" x2=\"100%\" y2=\"100%\"/>\n");
}

double RowPicture::begin_row(const std::string& name, const std::string& figures) {
  const double top = row_height_ * row_++;
  if (top > 0) add("<line class=\"grid\" y1=\"{0:.0f}\" x2=\"100%\" y2=\"{0:.0f}\"/>", top);
  add("<text class=\"row-name\" y=\"{:.0f}\">{}<tspan class=\"row-figures\" dx=\"10\">{}</tspan></text>\n", top + 18,
      escaped(name), figures);
  return top;
}

void RowPicture::bar(const std::string& style, double low, double high, double top, double height) {
  constexpr double kThinnest = 0.003;
  add("<rect class=\"{}\" x=\"{}\" y=\"{:.0f}\" width=\"{}\" height=\"{:.0f}\" rx=\"2\"/>\n", style, at(low), top,
      percent(std::max(kThinnest, axis_.position(high) - axis_.position(low))), height);
}

void RowPicture::line(const std::string& style, double low, double high, double y) {
  add("<line class=\"{0}\" x1=\"{1}\" y1=\"{3:.0f}\" x2=\"{2}\" y2=\"{3:.0f}\"/>", style, at(low), at(high), y);
}

void RowPicture::upright(const std::string& style, double value, double y, double height) {
  add("<line class=\"{0}\" x1=\"{1}\" y1=\"{2:.0f}\" x2=\"{1}\" y2=\"{3:.0f}\"/>", style, at(value), y, y + height);
}

}  // namespace evenkeel
