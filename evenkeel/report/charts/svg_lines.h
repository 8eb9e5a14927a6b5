#pragma once

#include <string>
#include <vector>

#include "evenkeel/report/charts/series.h"
#include "evenkeel/report/page/palette.h"

namespace evenkeel {

/// A curve that is ready to be drawn.
struct DrawnCurve {
  std::string name;
  bool dashed = false;
  Look look = {};
  std::vector<std::string> labels = {};  ///< of the traces
  DrawnSeries series = {};
};

/// The chart without JavaScript and on paper: an SVG picture whose colours are page.css's classes.
std::string svg_of(const LineChart& chart, const std::vector<DrawnCurve>& curves);
/// A short piece of the curve as it stands in legends.
std::string swatch_of(const DrawnCurve& curve);

}  // namespace evenkeel
