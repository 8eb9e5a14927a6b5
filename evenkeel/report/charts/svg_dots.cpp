#include "evenkeel/report/charts/svg_dots.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "evenkeel/report/charts/svg_axis.h"
#include "evenkeel/report/page/markup.h"

namespace evenkeel {
namespace {

// All sizes are pixels of the picture; a row is a line of text above a line of dots.
constexpr double kDotRow = 56, kLine = 36, kSpread = 5;

Axis axis_of(const DotChart& chart) {
  ValueRange extent;
  for (const DotChart::Row& row : chart.rows) {
    for (const auto& [label, value] : row.dots) extent.add(value);
    for (const auto& [label, value] : row.marks) extent.add(value);
    if (row.mean) {
      extent.add(*row.mean - row.error.value_or(0));
      extent.add(*row.mean + row.error.value_or(0));
    }
    if (row.published_range) {
      extent.add(row.published_range->first);
      extent.add(row.published_range->second);
    }
  }
  return {extent, false, Axis::Room::both_ends};
}

class DotPicture {
 public:
  DotPicture(const DotChart& chart, const Palette& palette)
      : chart_(chart),
        palette_(palette),
        axis_{.axis = axis_of(chart),
              .width = kChartWidth,
              .side = kChartSide,
              .bottom = kDotRow * static_cast<double>(chart.rows.size())},
        labels_(mark_labels(chart)) {}

  std::string text() {
    add("<svg class=\"still\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n", kChartWidth,
        axis_.bottom + 26, plain(chart_.title));
    svg_ += axis_.text();
    for (std::size_t i = 0; i < chart_.rows.size(); ++i) row(chart_.rows[i], kDotRow * static_cast<double>(i));
    return svg_ + "</svg>\n";
  }

 private:
  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(svg_), format, std::forward<Values>(values)...);
  }
  double at(double value) const { return axis_.at(value); }

  std::size_t shape_of(const std::string& label) const {
    return shape_of_mark(static_cast<std::size_t>(std::ranges::find(labels_, label) - labels_.begin()));
  }

  void row(const DotChart::Row& row, double top) {
    const Look look = palette_.of(row);
    const double y = top + kLine;
    if (top > 0) add("<path class=\"grid\" d=\"M0,{:.0f}H{:.0f}\"/>", top, kChartWidth);
    add("<text class=\"row-name\" x=\"{0}\" y=\"{1:.0f}\">{2}<tspan class=\"row-mean\" dx=\"10\">{3}</tspan></text>\n",
        2, top + 18, escaped(row.name), mean_text(row));
    if (row.published_range) {
      const double low = at(row.published_range->first), high = at(row.published_range->second);
      add("<rect class=\"range\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"18\" rx=\"3\"/>\n", low, y - 9,
          std::max(2.0, high - low));
    }
    if (row.mean && std::isfinite(*row.mean)) mean(row, y, look);
    for (std::size_t i = 0; i < row.dots.size(); ++i)
      if (std::isfinite(row.dots[i].second))
        add("<circle class=\"dot c{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.6\"><title>{} {}</title></circle>",
            look.colour, at(row.dots[i].second), y + kSpread * offset_of_dot(i), escaped(row.dots[i].first),
            readable(row.dots[i].second));
    for (const auto& [label, value] : row.marks)
      if (std::isfinite(value))
        svg_ += marker_at(at(value), y, {.colour = look.colour, .shape = shape_of(label)}, true);
    add("\n");
  }

  void mean(const DotChart::Row& row, double y, Look look) {
    if (row.error && std::isfinite(*row.error)) {
      const double low = at(*row.mean - *row.error), high = at(*row.mean + *row.error);
      add("<path class=\"error c{}\" d=\"M{:.1f},{:.1f}H{:.1f}M{:.1f},{:.1f}v6M{:.1f},{:.1f}v6\"/>", look.colour, low,
          y, high, low, y - 3, high, y - 3);
    }
    add("<path class=\"mean c{}\" d=\"M{:.1f},{:.1f}v20\"/>\n", look.colour, at(*row.mean), y - 10);
  }

  const DotChart& chart_;
  const Palette& palette_;
  SvgAxis axis_;
  std::vector<std::string> labels_;
  std::string svg_;
};

}  // namespace

std::string svg_of(const DotChart& chart, const Palette& palette) { return DotPicture(chart, palette).text(); }

std::vector<std::string> mark_labels(const DotChart& chart) {
  std::vector<std::string> labels;
  for (const DotChart::Row& row : chart.rows)
    for (const auto& [label, value] : row.marks)
      if (std::ranges::find(labels, label) == labels.end()) labels.push_back(label);
  return labels;
}

// Diamond, triangle, square: dots are round.
std::size_t shape_of_mark(std::size_t label) { return 3 - label % 3; }

std::string mean_text(const DotChart::Row& row) {
  if (!row.mean || !std::isfinite(*row.mean)) return {};
  if (!row.error || !std::isfinite(*row.error)) return fmt::format("mean {:.4g}", *row.mean);
  // As many digits as two of the error need.
  const double size = std::abs(*row.error);
  const int decimals = size > 0 ? std::clamp(1 - static_cast<int>(std::floor(std::log10(size))), 0, 9) : 4;
  return fmt::format("mean {:.{}f} ± {:.{}f}", *row.mean, decimals, *row.error, decimals);
}

double offset_of_dot(std::size_t index) {
  static constexpr std::array kOffsets = {0.0, -0.8, 0.8, -0.4, 0.4, 1.0, -1.0};
  return kOffsets[index % kOffsets.size()];
}

std::string legend_of(const DotChart& chart) {
  std::string items;
  const auto item = [&](const std::string& sign, const std::string& text) {
    items += fmt::format("<li><svg class=\"swatch sign\" viewBox=\"-12 -8 24 16\" aria-hidden=\"true\">{}</svg>{}</li>",
                         sign, text);
  };
  const auto any = [&](auto has) { return std::ranges::any_of(chart.rows, has); };
  if (any([](const auto& row) { return !row.dots.empty(); })) item("<circle class=\"dot\" r=\"3.6\"/>", "one run");
  if (any([](const auto& row) { return row.mean.has_value(); })) item("<path class=\"mean\" d=\"M0,-8v16\"/>", "mean");
  if (any([](const auto& row) { return row.mean && row.error; }))
    item("<path class=\"error\" d=\"M-9,0h18M-9,-3v6M9,-3v6\"/>", "its uncertainty");
  const std::vector<std::string> labels = mark_labels(chart);
  for (std::size_t i = 0; i < labels.size(); ++i)
    item(fmt::format("<use class=\"hollow\" href=\"#m{}\"/>", shape_of_mark(i)), escaped(labels[i]));
  if (any([](const auto& row) { return row.published_range.has_value(); }))
    item("<rect class=\"range\" x=\"-11\" y=\"-7\" width=\"22\" height=\"14\" rx=\"3\"/>", "published range");
  return "<ul class=\"legend\">" + items + "</ul>\n";
}

}  // namespace evenkeel
