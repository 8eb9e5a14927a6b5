#include "evenkeel/report/charts/svg_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/base/text.h"
#include "evenkeel/report/charts/svg.h"
#include "evenkeel/report/page/markup.h"

namespace evenkeel {
namespace {

/// The curves' own coordinates: whole numbers, fine enough for a reader who zooms.
constexpr double kUnits = 10'000;
/// Pixels: the width of a letter, and that of a plot on a wide page.
constexpr double kLetter = 6.6, kUsualWidth = 680;

ChartFrame frame_of(const LinePlot& plot) {
  std::size_t longest = 1;
  for (const double tick : plot.y.ticks()) longest = std::max(longest, characters_in(readable(tick)));
  ChartFrame frame{.left = 14 + kLetter * static_cast<double>(longest), .below = 24};
  longest = 0;
  for (const std::string& name : plot.x_names) longest = std::max(longest, characters_in(name));
  if (longest == 0) return frame;
  // Names run down to the left at 45 degrees; the first begins at the axis' end.
  frame.below = 16 + 0.7 * kLetter * static_cast<double>(longest);
  frame.left = std::max(frame.left, 0.7 * kLetter * static_cast<double>(characters_in(plot.x_names[0])));
  return frame;
}

class LinePicture {
 public:
  explicit LinePicture(const LinePlot& plot) : plot_(plot) {}

  std::string text() {
    svg_.add("{}<g class=\"rows\">\n", chart_begin(plot_.title, frame_of(plot_)));
    for (const double tick : plot_.y.ticks())
      svg_.add(
          "<svg y=\"{}\"><line class=\"grid\" x2=\"100%\"/><text class=\"tick end\" x=\"-8\" y=\"4\">{}</text></svg>\n",
          percent(1 - plot_.y.position(tick)), readable(tick));
    svg_.add("</g>\n<line class=\"base\" y1=\"100%\" x2=\"100%\" y2=\"100%\"/>\n<g class=\"columns\">\n");
    if (plot_.x_names.empty())
      for (const double tick : plot_.x.ticks())
        svg_.add("{}", column_tick(plot_.x.position(tick), readable(tick), "<path class=\"base\" d=\"M0,0v4\"/>"));
    else
      names();
    svg_.add("</g>\n");
    levels();  // before the curves: the halo of their names would hide curves drawn earlier
    svg_.add("<svg class=\"window\" viewBox=\"0 0 {0:.0f} {0:.0f}\" preserveAspectRatio=\"none\">\n", kUnits);
    for (std::size_t i = 0; i < plot_.curves.size(); ++i)
      if (plot_.curves[i].has_band()) band(i);
    for (std::size_t i = 0; i < plot_.curves.size(); ++i) line(i);
    svg_.add("</svg>\n");
    for (std::size_t i = 0; i < plot_.curves.size(); ++i) markers(i);
    return svg_.text() + "</svg>\n";
  }

 private:
  void names() {
    const auto room = static_cast<std::size_t>(kUsualWidth / 14);
    const std::size_t every = plot_.x_names.size() / room + 1;
    for (std::size_t i = 0; i < plot_.x_names.size(); i += every) {
      const double position = plot_.x.position(static_cast<double>(i));
      if (position < -1e-9 || position > 1 + 1e-9) continue;
      svg_.add(
          "<svg x=\"{}\" y=\"100%\"><text class=\"tick end\" transform=\"translate(4,14) "
          "rotate(-45)\">{}</text></svg>\n",
          percent(position), escaped(plot_.x_names[i]));
    }
  }

  void levels() {
    for (const Level& level : plot_.levels)
      svg_.add(
          "<svg class=\"level\" y=\"{}\"><line x2=\"100%\"/><text class=\"end\" x=\"100%\" y=\"-5\">{}</text></svg>\n",
          percent(1 - plot_.y.position(level.value)), escaped(level.label));
  }

  /// Straight lines through the points from `begin` to `end`, written as differences, which are shorter.
  void path(const DrawnSeries& series, const std::vector<double>& y, std::size_t begin, std::size_t end,
            bool continued) {
    long before_x = 0, before_y = 0;
    const auto point = [&](std::size_t i, const char* how) {
      const long px = std::lround(kUnits * plot_.x.position(series.x[i])),
                 py = std::lround(kUnits * (1 - plot_.y.position(y[i])));
      const bool absolute = *how != 'l';
      svg_.add("{}{},{}", how, absolute ? px : px - before_x, absolute ? py : py - before_y);
      before_x = px;
      before_y = py;
    };
    if (begin < end)
      for (std::size_t i = begin; i < end; ++i) point(i, i > begin ? "l" : "M");
    else
      for (std::size_t i = begin; i-- > end;) point(i, i + 1 < begin ? "l" : continued ? "L" : "M");
  }

  /// Calls `draw` for each run of points without a gap.
  template <class Draw>
  static void stretches(const DrawnSeries& series, Draw draw) {
    for (std::size_t begin = 0, end = 0; begin < series.size(); begin = end + 1) {
      for (end = begin; end < series.size() && !std::isnan(series.mean[end]); ++end) {
      }
      if (end > begin) draw(begin, end);
    }
  }

  void band(std::size_t index) {
    const DrawnCurve& curve = plot_.curves[index];
    svg_.add("<path class=\"band c{}\" data-curve=\"{}\" d=\"", curve.look.colour, index);
    stretches(curve.series, [&](std::size_t begin, std::size_t end) {
      path(curve.series, curve.series.high, begin, end, false);
      path(curve.series, curve.series.low, end, begin, true);
      svg_.add("z");
    });
    svg_.add("\"/>\n");
  }

  void line(std::size_t index) {
    const DrawnCurve& curve = plot_.curves[index];
    svg_.add("<path class=\"curve c{}{}\" data-curve=\"{}\" d=\"", curve.look.colour, curve.dashed ? " dashed" : "",
             index);
    stretches(curve.series, [&](std::size_t begin, std::size_t end) {
      path(curve.series, curve.series.mean, begin, end, false);
      if (end == begin + 1) svg_.add("h0");  // a dot: line ends are round
    });
    svg_.add("\"/>\n");
  }

  void markers(std::size_t index) {
    const DrawnCurve& curve = plot_.curves[index];
    svg_.add("<g data-curve=\"{}\">", index);
    for (std::size_t i = 0; i < curve.series.size(); ++i)
      if (curve.series.has_marker(i, index, plot_.curves.size()) && !std::isnan(curve.series.mean[i]))
        svg_.add("{}", marker_at(percent(plot_.x.position(curve.series.x[i])),
                                 percent(1 - plot_.y.position(curve.series.mean[i])), curve.look, curve.dashed));
    svg_.add("</g>\n");
  }

  const LinePlot& plot_;
  Svg svg_;
};

std::string swatch_of(const DrawnCurve& curve) {
  return fmt::format(
      "<svg class=\"swatch\" viewBox=\"-16 -6 32 12\" aria-hidden=\"true\">{2}"
      "<path class=\"curve c{0}{1}\" d=\"M-15,0h30\"/>{3}</svg>",
      curve.look.colour, curve.dashed ? " dashed" : "",
      curve.has_band() ? fmt::format("<path class=\"band c{}\" d=\"M-16,-6h32v12h-32z\"/>", curve.look.colour) : "",
      marker_at("0", "0", curve.look, curve.dashed));
}

}  // namespace

std::string svg_of(const LinePlot& plot) { return LinePicture(plot).text(); }

std::string legend_of(const LinePlot& plot) {
  std::string items;
  for (std::size_t i = 0; i < plot.curves.size(); ++i)
    items += fmt::format("<li><button type=\"button\" data-curve=\"{}\" aria-pressed=\"true\">{}{}</button></li>", i,
                         swatch_of(plot.curves[i]), marked_up(plot.curves[i].name));
  return items.empty() ? "" : "<ul class=\"legend\">" + items + "</ul>\n";
}

}  // namespace evenkeel
