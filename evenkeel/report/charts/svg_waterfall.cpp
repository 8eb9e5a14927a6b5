#include "evenkeel/report/charts/svg_waterfall.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/report/charts/svg_rows.h"

namespace evenkeel {
namespace {

// All sizes are pixels of the picture; a row is a line of text above a bar.
constexpr double kBarRow = 46, kBarTop = 24, kBar = 14;

Axis axis_of(const Waterfall& chart) {
  ValueRange extent;
  double value = chart.start;
  extent.add(value);
  for (const Waterfall::Step& step : chart.steps) {
    value += step.change;
    for (const double sign : {-1, 0, 1}) extent.add(value + sign * step.error.value_or(0));
  }
  return {extent, false, Axis::Room::from_zero_if_readable};
}

class WaterfallPicture {
 public:
  explicit WaterfallPicture(const Waterfall& chart)
      : chart_(chart), rows_(chart.title, axis_of(chart), kBarRow, chart.steps.size() + 2) {}

  std::string text() {
    double value = chart_.start;
    whole(chart_.start_name, value);
    for (const Waterfall::Step& of : chart_.steps) {
      step(of, value);
      value += of.change;
    }
    whole(chart_.end_name, value);
    if (is_broken())
      rows_.add(
          "<svg y=\"100%\"><path class=\"break\" d=\"M10,-6l6,12M17,-6l6,12\"/>"
          "<path class=\"base\" d=\"M10,-6l6,12M17,-6l6,12\"/></svg>\n");
    return rows_.text();
  }

 private:
  /// A bar from zero. If zero is not on the axis, bar and axis have a break.
  void whole(const std::string& name, double value) {
    const double y = rows_.begin_row(name, fmt::format("{:.4g}", value)) + kBarTop;
    if (!std::isfinite(value)) return;
    const double from = is_broken() ? rows_.axis().low() : 0;
    rows_.bar("bar c0", std::min(from, value), std::max(from, value), y, kBar);
    if (is_broken()) rows_.add("<path class=\"break\" d=\"M10,{0:.0f}l6,20M17,{0:.0f}l6,20\"/>\n", y - 3);
  }

  bool is_broken() const { return rows_.axis().low() > 0 || rows_.axis().high() < 0; }

  void step(const Waterfall::Step& of, double from) {
    const double to = from + of.change;
    const double y = kBarTop + rows_.begin_row(of.name, of.error ? fmt::format("{:+.3g} ± {:.1g}", of.change, *of.error)
                                                                 : fmt::format("{:+.3g}", of.change));
    if (!std::isfinite(from) || !std::isfinite(to)) return;
    rows_.bar(of.change > 0 ? "bar c1" : "bar c2", std::min(from, to), std::max(from, to), y, kBar);
    if (of.error && std::isfinite(*of.error)) rows_.line("error c6", to - *of.error, to + *of.error, y + kBar / 2);
  }

  const Waterfall& chart_;
  RowPicture rows_;
};

}  // namespace

std::string svg_of(const Waterfall& chart) { return WaterfallPicture(chart).text(); }

}  // namespace evenkeel
