#pragma once

#include <string>
#include <vector>

#include "evenkeel/report/charts/series.h"

namespace evenkeel {

/// One axis of a chart: from values to positions, with ticks at round numbers. charts.js has the same rules, for what
/// a reader zooms to.
class Axis {
 public:
  enum class Room { none, both_ends, from_zero_if_near };
  /// From the lowest to the highest value, with some room at both ends where asked for; the last kind begins at zero
  /// instead where values are positive and begin near it. An empty extent becomes [0, 1] ([0.1, 1] on a log axis), one
  /// of a single value gets room around it.
  Axis(ValueRange values, bool log, Room room = Room::none);

  /// The ends; their logarithms to base ten on a log axis.
  double low() const { return low_; }
  double high() const { return high_; }
  bool log() const { return log_; }
  /// 0 at the lower end, 1 at the upper one.
  double position(double value) const;
  /// Round numbers within the axis, three to eight; on a log axis powers of ten, and 2 and 5 times them where there
  /// are few; on a short one as on a linear axis.
  const std::vector<double>& ticks() const { return ticks_; }

 private:
  bool log_;
  double low_, high_;  ///< logarithms on a log axis
  std::vector<double> ticks_;
};

}  // namespace evenkeel
