#pragma once

#include <string>
#include <vector>

#include "evenkeel/report/charts/axis.h"
#include "evenkeel/report/page/palette.h"

namespace evenkeel {

/// A curve that is ready to be drawn.
struct DrawnCurve {
  std::string name;
  bool dashed = false;
  Look look = {};
  std::vector<std::string> labels = {};  ///< of the traces
  DrawnSeries series = {};

  bool has_band() const { return series.traces.size() > 1; }
};

/// A line chart that is ready to be drawn. The picture, the legend and what the page's script knows are made from it.
struct LinePlot {
  std::string title, x_label;
  std::vector<std::string> x_names;
  std::vector<DrawnCurve> curves;
  std::vector<Level> levels;  ///< those that have a place on the axis
  Axis x, y;
};

LinePlot plot_of(const LineChart& chart, const Palette& palette, int buckets);

/// What the page's script must know to answer a reader, as JSON that may stand in a <script>: the axes, and the values
/// of every trace with as many digits as can be seen, null for what is none.
std::string script_data(const LinePlot& plot);

}  // namespace evenkeel
