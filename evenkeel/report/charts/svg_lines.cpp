#include "evenkeel/report/charts/svg_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "evenkeel/report/charts/axis.h"
#include "evenkeel/report/charts/svg_axis.h"
#include "evenkeel/report/page/markup.h"

namespace evenkeel {
namespace {

// All sizes are pixels of the picture.
constexpr double kPlotHeight = 280, kTop = 12, kRight = 18, kLetter = 6.6;

/// Characters, not bytes.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

/// Where values lie in the picture.
struct Frame {
  Axis x, y;
  double left, bottom;  ///< of the plot; `bottom` counts from the picture's top
  double height;        ///< of the picture

  double at_x(double value) const { return left + x.position(value) * (kChartWidth - kRight - left); }
  double at_y(double value) const { return bottom - y.position(value) * kPlotHeight; }
};

Frame frame_of(const LineChart& chart, const std::vector<DrawnCurve>& curves) {
  ValueRange x, y;
  for (const DrawnCurve& curve : curves) {
    x.add(curve.series.x);
    y.add(curve.series.low);
    y.add(curve.series.high);
  }
  for (const Level& level : chart.levels)
    if (!chart.log_y || level.value > 0) y.add(level.value);
  Frame frame{.x = Axis(x, chart.log_x),
              .y = Axis(y, chart.log_y, Axis::Room::from_zero_if_near),
              .left = 0,
              .bottom = kTop + kPlotHeight,
              .height = kTop + kPlotHeight + 24};
  std::size_t longest = 1;
  for (const double tick : frame.y.ticks()) longest = std::max(longest, width_of(readable(tick)));
  frame.left = 14 + kLetter * static_cast<double>(longest);
  longest = 0;
  for (const std::string& name : chart.x_names) longest = std::max(longest, width_of(name));
  if (longest > 0) {
    // Names hang down to the left at 45 degrees, the first one from the axis' end.
    frame.height = frame.bottom + 16 + 0.7 * kLetter * static_cast<double>(longest);
    frame.left = std::max(frame.left, 0.7 * kLetter * static_cast<double>(width_of(chart.x_names[0])));
  }
  return frame;
}

class LinePicture {
 public:
  LinePicture(const LineChart& chart, const std::vector<DrawnCurve>& curves)
      : chart_(chart), curves_(curves), frame_(frame_of(chart, curves)) {}

  std::string text() {
    add("<svg class=\"still\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n", kChartWidth, frame_.height,
        plain(chart_.title));
    grid();
    levels();  // below the curves, which their names' halo would hide
    for (const DrawnCurve& curve : curves_)
      if (curve.series.traces.size() > 1) band(curve);
    for (std::size_t i = 0; i < curves_.size(); ++i) line(i);
    return svg_ + "</svg>\n";
  }

 private:
  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(svg_), format, std::forward<Values>(values)...);
  }

  void grid() {
    for (const double tick : frame_.y.ticks()) {
      const double y = frame_.at_y(tick);
      add("<path class=\"grid\" d=\"M{:.1f},{:.1f}H{:.0f}\"/><text class=\"tick end\" x=\"{:.1f}\" "
          "y=\"{:.1f}\">{}</text>\n",
          frame_.left, y, kChartWidth - kRight, frame_.left - 8, y + 4, readable(tick));
    }
    add("<path class=\"base\" d=\"M{:.1f},{:.1f}H{:.0f}\"/>\n", frame_.left, frame_.bottom, kChartWidth - kRight);
    if (!chart_.x_names.empty()) return names();
    for (const double tick : frame_.x.ticks())
      add("<path class=\"base\" d=\"M{0:.1f},{1:.1f}v4\"/><text class=\"tick mid\" x=\"{0:.1f}\" "
          "y=\"{2:.1f}\">{3}</text>\n",
          frame_.at_x(tick), frame_.bottom, frame_.bottom + 18, readable(tick));
  }

  void names() {
    const auto room = static_cast<std::size_t>((kChartWidth - frame_.left) / 14);
    const std::size_t every = chart_.x_names.size() / std::max<std::size_t>(1, room) + 1;
    for (std::size_t i = 0; i < chart_.x_names.size(); i += every) {
      const double x = frame_.at_x(static_cast<double>(i));
      if (x < frame_.left - 1 || x > kChartWidth) continue;
      add("<text class=\"tick end\" transform=\"translate({:.1f},{:.1f}) rotate(-45)\">{}</text>\n", x + 4,
          frame_.bottom + 14, escaped(chart_.x_names[i]));
    }
  }

  /// Straight lines through the points from `begin` to `end`, by differences, which are the shortest.
  void path(const DrawnSeries& series, const std::vector<double>& y, std::size_t begin, std::size_t end,
            bool continued) {
    long before_x = 0, before_y = 0;
    const auto point = [&](std::size_t i, const char* how) {
      const long px = std::lround(10 * frame_.at_x(series.x[i])), py = std::lround(10 * frame_.at_y(y[i]));
      const bool absolute = *how != 'l';
      add("{}{:.6g},{:.6g}", how, static_cast<double>(absolute ? px : px - before_x) / 10,
          static_cast<double>(absolute ? py : py - before_y) / 10);
      before_x = px;
      before_y = py;
    };
    if (begin < end)
      for (std::size_t i = begin; i < end; ++i) point(i, i > begin ? "l" : "M");
    else
      for (std::size_t i = begin; i-- > end;) point(i, i + 1 < begin ? "l" : continued ? "L" : "M");
  }

  /// Calls `draw` with each stretch of points without a gap.
  template <class Draw>
  static void stretches(const DrawnSeries& series, Draw draw) {
    for (std::size_t begin = 0, end = 0; begin < series.size(); begin = end + 1) {
      for (end = begin; end < series.size() && !std::isnan(series.mean[end]); ++end) {
      }
      if (end > begin) draw(begin, end);
    }
  }

  void band(const DrawnCurve& curve) {
    add("<path class=\"band c{}\" d=\"", curve.look.colour);
    stretches(curve.series, [&](std::size_t begin, std::size_t end) {
      path(curve.series, curve.series.high, begin, end, false);
      path(curve.series, curve.series.low, end, begin, true);
      add("z");
    });
    add("\"/>\n");
  }

  void line(std::size_t index) {
    const DrawnCurve& curve = curves_[index];
    const DrawnSeries& series = curve.series;
    add("<path class=\"curve c{}{}\" d=\"", curve.look.colour, curve.dashed ? " dashed" : "");
    stretches(series, [&](std::size_t begin, std::size_t end) {
      path(series, series.mean, begin, end, false);
      if (end == begin + 1) add("h0");  // a dot: line ends are round
    });
    add("\"/>\n");
    for (std::size_t i = 0; i < series.size(); ++i)
      if (series.has_marker(i, index, curves_.size()) && !std::isnan(series.mean[i]))
        svg_ += marker_at(frame_.at_x(series.x[i]), frame_.at_y(series.mean[i]), curve.look, curve.dashed);
    add("\n");
  }

  void levels() {
    for (const Level& level : chart_.levels) {
      if (!std::isfinite(level.value) || (chart_.log_y && level.value <= 0)) continue;
      const double y = frame_.at_y(level.value);
      add("<path class=\"level\" d=\"M{0:.1f},{1:.1f}H{2:.0f}\"/>"
          "<text class=\"level-name end\" x=\"{2:.0f}\" y=\"{3:.1f}\">{4}</text>\n",
          frame_.left, y, kChartWidth - kRight, y < kTop + 16 ? y + 13 : y - 5, escaped(level.label));
    }
  }

  const LineChart& chart_;
  const std::vector<DrawnCurve>& curves_;
  Frame frame_;
  std::string svg_;
};

}  // namespace

std::string svg_of(const LineChart& chart, const std::vector<DrawnCurve>& curves) {
  return LinePicture(chart, curves).text();
}

std::string swatch_of(const DrawnCurve& curve) {
  const bool has_band = curve.series.traces.size() > 1;
  return fmt::format(
      "<svg class=\"swatch\" viewBox=\"-16 -6 32 12\" aria-hidden=\"true\">{2}"
      "<path class=\"curve c{0}{1}\" d=\"M-15,0h30\"/>{3}</svg>",
      curve.look.colour, curve.dashed ? " dashed" : "",
      has_band ? fmt::format("<path class=\"band c{}\" d=\"M-16,-6h32v12h-32z\"/>", curve.look.colour) : "",
      marker_at(0, 0, curve.look, curve.dashed));
}

}  // namespace evenkeel
