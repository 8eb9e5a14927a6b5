#pragma once

#include <string>

#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// The steps from the first value to the last as an SVG picture, with colours from page.css's classes: a floating bar
/// for each. The first and the last value are bars from zero. If zero is not on the axis, axis and bars have a break.
std::string svg_of(const Waterfall& chart);

}  // namespace evenkeel
