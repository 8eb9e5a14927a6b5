#pragma once

#include <string>
#include <vector>

#include "evenkeel/report/page/page.h"

// Curves as they are drawn: few enough points, in one order, with nothing lost that a reader could see.

namespace evenkeel {

struct SeriesOptions {
  bool log_x = false, log_y = false;  ///< what is not positive cannot be drawn there
  int buckets = 500;                  ///< about one per pixel
};

/// A curve's traces over x values that they share; NaN where a trace has a gap, or has not begun or has ended.
struct DrawnSeries {
  std::vector<double> x = {};
  std::vector<std::vector<double>> traces = {};        ///< y at each x
  std::vector<double> mean = {}, low = {}, high = {};  ///< over the traces that have a value there

  std::size_t size() const { return x.size(); }
  /// How many lie between two markers, and where curve `index` of `count` has its first: markers are few and those of
  /// neighbouring curves stand apart.
  bool has_marker(std::size_t point, std::size_t index, std::size_t count) const;
};

/// Traces with other x than their sisters are interpolated between their own points, never beyond them or over a gap.
/// Of more than two points per bucket those with the lowest and highest mean, low and high stay, and gaps.
DrawnSeries series_of(const Curve& curve, const SeriesOptions& options);

/// Lowest and highest of all finite values; widens as it sees more.
struct ValueRange {
  double low, high;
  ValueRange();
  void add(double value);
  void add(const std::vector<double>& values);
  bool empty() const { return low > high; }
};

}  // namespace evenkeel
