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
  std::vector<std::string> labels = {};  ///< names of the traces
  DrawnSeries series = {};

  bool has_band() const { return series.traces.size() > 1; }
};

/// A line chart that is ready to be drawn. The picture, the legend and the data for the page's script are made from it.
struct LinePlot {
  std::string title, x_label;
  std::vector<std::string> x_names;
  std::vector<DrawnCurve> curves;
  std::vector<Level> levels;  ///< those that are within the axis
  Axis x, y;
};

LinePlot plot_of(const LineChart& chart, const Palette& palette, int buckets);

/// The data for the page's script, as JSON that is safe inside a <script>: the axes, and the values of every trace with
/// as many digits as can be seen, null for NaN.
std::string script_data(const LinePlot& plot);

}  // namespace evenkeel
