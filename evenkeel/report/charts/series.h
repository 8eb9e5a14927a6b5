#pragma once

#include <string>
#include <vector>

#include "evenkeel/report/page/page.h"

// Curves as they are drawn: sorted, with so few points that drawing is fast, but without a visible loss.

namespace evenkeel {

struct SeriesOptions {
  bool log_x = false, log_y = false;  ///< on a log axis, values that are not positive are left out
  int buckets = 500;                  ///< about one per pixel
};

/// A curve's traces over x values that they share; NaN where a trace has a gap, or has not begun or has ended.
struct DrawnSeries {
  std::vector<double> x = {};
  std::vector<std::vector<double>> traces = {};        ///< y at each x
  std::vector<double> mean = {}, low = {}, high = {};  ///< over the traces that have a value there

  std::size_t size() const { return x.size(); }
  /// Whether curve `index` of `count` has a marker at this point. Markers are few, and those of different curves are at
  /// different points.
  bool has_marker(std::size_t point, std::size_t index, std::size_t count) const;
};

/// Traces with different x are interpolated between their own points, never beyond them or over a gap. If a bucket has
/// more than two points, those with the lowest and highest mean, low and high are kept, and gaps.
DrawnSeries series_of(const Curve& curve, const SeriesOptions& options);

/// The lowest and highest of all finite values added so far.
struct ValueRange {
  double low, high;
  ValueRange();
  void add(double value);
  void add(const std::vector<double>& values);
  bool empty() const { return low > high; }
};

}  // namespace evenkeel
