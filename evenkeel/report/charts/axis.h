#pragma once

#include <string>
#include <vector>

#include "evenkeel/report/charts/series.h"

namespace evenkeel {

/// One axis of a chart: maps values to positions, with ticks at round numbers. charts.js has the same rules, for a
/// reader who zooms.
class Axis {
 public:
  enum class Room { none, both_ends, from_zero_if_near, from_zero_if_readable };
  /// From the lowest to the highest value. `room` adds some room at both ends. Its last two values make the axis begin
  /// at zero if values are positive and begin near it, or if they differ enough to be seen. Without values the axis is
  /// [0, 1] ([0.1, 1] on a log axis); a single value gets room around it.
  Axis(ValueRange values, bool log, Room room = Room::none);

  /// The ends; their logarithms to base ten on a log axis.
  double low() const { return low_; }
  double high() const { return high_; }
  bool log() const { return log_; }
  /// 0 at the lower end, 1 at the upper one.
  double position(double value) const;
  /// Three to eight round numbers within the axis. On a log axis these are powers of ten; if there are few, also 2 and
  /// 5 times them; on a very short one, numbers as on a linear axis.
  const std::vector<double>& ticks() const { return ticks_; }

 private:
  bool log_;
  double low_, high_;  ///< logarithms on a log axis
  std::vector<double> ticks_;
};

}  // namespace evenkeel
