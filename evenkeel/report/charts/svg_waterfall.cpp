#include "evenkeel/report/charts/svg_waterfall.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "evenkeel/report/charts/svg_axis.h"
#include "evenkeel/report/page/markup.h"

namespace evenkeel {
namespace {

// All sizes are pixels of the picture; a row is a line of text above a bar.
constexpr double kBarRow = 46, kBar = 14;

class WaterfallPicture {
 public:
  explicit WaterfallPicture(const Waterfall& chart)
      : chart_(chart),
        axis_{.axis = Axis(extent_of(chart), false, Axis::Room::from_zero_if_near),
              .width = kChartWidth,
              .side = kChartSide,
              .bottom = kBarRow * static_cast<double>(chart.steps.size() + 2)} {}

  std::string text() {
    add("<svg class=\"fixed\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n", kChartWidth,
        axis_.bottom + 26, plain(chart_.title));
    svg_ += axis_.text();
    double value = chart_.start;
    whole(chart_.start_name, value);
    for (const Waterfall::Step& of : chart_.steps) {
      step(of, value);
      value += of.change;
    }
    whole(chart_.end_name, value);
    return svg_ + "</svg>\n";
  }

 private:
  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(svg_), format, std::forward<Values>(values)...);
  }

  static ValueRange extent_of(const Waterfall& chart) {
    ValueRange extent;
    double value = chart.start;
    extent.add(value);
    for (const Waterfall::Step& step : chart.steps) extent.add(value += step.change);
    return extent;
  }

  double at(double value) const { return axis_.at(value); }

  /// A name with its figure, above the bar; returns the bar's upper edge.
  double head(const std::string& name, const std::string& figure) {
    const double top = kBarRow * row_++;
    if (top > 0) add("<path class=\"grid\" d=\"M0,{:.0f}H{:.0f}\"/>", top, kChartWidth);
    add("<text class=\"row-name\" x=\"2\" y=\"{:.0f}\">{}<tspan class=\"row-mean\" dx=\"10\">{}</tspan></text>",
        top + 17, escaped(name), figure);
    return top + 24;
  }

  void bar(double low, double high, double y, const char* colour) {
    if (!std::isfinite(low) || !std::isfinite(high)) return;
    add("<rect class=\"bar {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" rx=\"2\"/>", colour, low,
        y, std::max(1.5, high - low), kBar);
  }

  /// From the picture's edge.
  void whole(const std::string& name, double value) {
    bar(0, at(value), head(name, fmt::format("{:.4g}", value)), "c0");
    add("\n");
  }

  void step(const Waterfall::Step& of, double from) {
    const double to = from + of.change;
    const double y = head(
        of.name, of.error ? fmt::format("{:+.3g} ± {:.1g}", of.change, *of.error) : fmt::format("{:+.3g}", of.change));
    bar(at(std::min(from, to)), at(std::max(from, to)), y, of.change > 0 ? "c1" : "c2");
    if (of.error && std::isfinite(*of.error) && std::isfinite(to))
      add("<path class=\"error c6\" d=\"M{:.1f},{:.1f}H{:.1f}\"/>", at(to - *of.error), y + kBar / 2,
          at(to + *of.error));
    add("\n");
  }

  const Waterfall& chart_;
  SvgAxis axis_;
  int row_ = 0;
  std::string svg_;
};

}  // namespace

std::string svg_of(const Waterfall& chart) { return WaterfallPicture(chart).text(); }

}  // namespace evenkeel
