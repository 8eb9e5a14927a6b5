#pragma once

#include <string>

#include "evenkeel/report/charts/axis.h"

namespace evenkeel {

/// Of every chart, in pixels: the whole, and what stays empty at either end of an axis.
inline constexpr double kChartWidth = 720, kChartSide = 16;

/// Where a horizontal axis of values lies in a picture, in pixels.
struct SvgAxis {
  Axis axis;
  double width = 0, side = 0;  ///< of the picture; empty at either end
  double bottom = 0;           ///< where it lies

  double at(double value) const { return side + axis.position(value) * (width - 2 * side); }
  /// The base line, and a line over all rows at each tick with its value below.
  std::string text() const;
};

}  // namespace evenkeel
