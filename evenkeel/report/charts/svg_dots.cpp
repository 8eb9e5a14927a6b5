#include "evenkeel/report/charts/svg_dots.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "evenkeel/report/charts/svg_rows.h"
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

/// The labels of its hollow marks: "published", ...
std::vector<std::string> mark_labels(const DotChart& chart) {
  std::vector<std::string> labels;
  for (const DotChart::Row& row : chart.rows)
    for (const auto& [label, value] : row.marks)
      if (std::ranges::find(labels, label) == labels.end()) labels.push_back(label);
  return labels;
}

// Diamond, triangle, square: dots are round.
/// The marker's shape (palette.h) of marks with that label, by its place in the list above.
std::size_t shape_of_mark(std::size_t label) { return 3 - label % 3; }

/// The mean of one run is that run.
bool has_mean(const DotChart::Row& row) { return row.mean && row.dots.size() != 1; }

/// "mean 0.9740 ± 0.0021", of one run "0.9740"; empty if the row has no mean.
std::string mean_text(const DotChart::Row& row) {
  if (!row.mean || !std::isfinite(*row.mean)) return {};
  if (!has_mean(row)) return fmt::format("{:.4g}", *row.mean);
  if (!row.error || !std::isfinite(*row.error)) return fmt::format("mean {:.4g}", *row.mean);
  // As many digits as show two digits of the error.
  const double size = std::abs(*row.error);
  const int decimals = size > 0 ? std::clamp(1 - static_cast<int>(std::floor(std::log10(size))), 0, 9) : 4;
  return fmt::format("mean {:.{}f} ± {:.{}f}", *row.mean, decimals, *row.error, decimals);
}

/// The vertical offset of a dot, in [-1, 1]: dots are a little above or below the row's line, so that equal values do
/// not hide each other.
double offset_of_dot(std::size_t index) {
  static constexpr std::array kOffsets = {0.0, -0.8, 0.8, -0.4, 0.4, 1.0, -1.0};
  return kOffsets[index % kOffsets.size()];
}

class DotPicture {
 public:
  DotPicture(const DotChart& chart, const Palette& palette)
      : chart_(chart),
        palette_(palette),
        rows_(chart.title, axis_of(chart), kDotRow, chart.rows.size()),
        labels_(mark_labels(chart)) {}

  std::string text() {
    for (const DotChart::Row& row : chart_.rows) this->row(row);
    return rows_.text();
  }

 private:
  std::size_t shape_of(const std::string& label) const {
    return shape_of_mark(static_cast<std::size_t>(std::ranges::find(labels_, label) - labels_.begin()));
  }

  void row(const DotChart::Row& row) {
    const Look look = palette_.of(row);
    const double y = rows_.begin_row(row.name, mean_text(row)) + kLine;
    if (row.published_range) rows_.bar("range", row.published_range->first, row.published_range->second, y - 9, 18);
    if (has_mean(row) && std::isfinite(*row.mean)) mean(row, y, look);
    // A <title> is shown when the reader points at it.
    const auto title = [&](const std::string& label, double value) {
      return fmt::format("<title>{}, {}: {}</title>", escaped(row.name), escaped(label), readable(value));
    };
    for (std::size_t i = 0; i < row.dots.size(); ++i) {
      const auto& [label, value] = row.dots[i];
      if (std::isfinite(value))
        rows_.add("<circle class=\"dot c{}\" cx=\"{}\" cy=\"{:.1f}\" r=\"3.6\">{}</circle>", look.colour,
                  rows_.at(value), y + kSpread * offset_of_dot(i), title(label, value));
    }
    for (const auto& [label, value] : row.marks)
      if (std::isfinite(value))
        rows_.add("{}", marker_at(rows_.at(value), fmt::format("{:.0f}", y),
                                  {.colour = look.colour, .shape = shape_of(label)}, true, title(label, value)));
    rows_.add("\n");
  }

  void mean(const DotChart::Row& row, double y, Look look) {
    if (row.error && std::isfinite(*row.error)) {
      const double low = *row.mean - *row.error, high = *row.mean + *row.error;
      const std::string style = fmt::format("error c{}", look.colour);
      rows_.line(style, low, high, y);
      for (const double end : {low, high}) rows_.upright(style, end, y - 3, 6);
    }
    rows_.upright(fmt::format("mean c{}", look.colour), *row.mean, y - 10, 20);
  }

  const DotChart& chart_;
  const Palette& palette_;
  RowPicture rows_;
  std::vector<std::string> labels_;
};

}  // namespace

std::string svg_of(const DotChart& chart, const Palette& palette) { return DotPicture(chart, palette).text(); }

std::string legend_of(const DotChart& chart) {
  std::string items;
  const auto item = [&](const std::string& sign, const std::string& text) {
    items += fmt::format("<li><svg class=\"swatch sign\" viewBox=\"-12 -8 24 16\" aria-hidden=\"true\">{}</svg>{}</li>",
                         sign, text);
  };
  const auto any = [&](auto has) { return std::ranges::any_of(chart.rows, has); };
  if (any([](const auto& row) { return !row.dots.empty(); })) item("<circle class=\"dot\" r=\"3.6\"/>", "one run");
  if (any(has_mean)) item("<path class=\"mean\" d=\"M0,-8v16\"/>", "mean");
  if (any([](const auto& row) { return has_mean(row) && row.error; }))
    item("<path class=\"error\" d=\"M-9,0h18M-9,-3v6M9,-3v6\"/>", "its uncertainty");
  const std::vector<std::string> labels = mark_labels(chart);
  for (std::size_t i = 0; i < labels.size(); ++i)
    item(fmt::format("<use class=\"hollow\" href=\"#m{}\"/>", shape_of_mark(i)), escaped(labels[i]));
  if (any([](const auto& row) { return row.published_range.has_value(); }))
    item("<rect class=\"range\" x=\"-11\" y=\"-7\" width=\"22\" height=\"14\" rx=\"3\"/>", "published range");
  return "<ul class=\"legend\">" + items + "</ul>\n";
}

}  // namespace evenkeel
