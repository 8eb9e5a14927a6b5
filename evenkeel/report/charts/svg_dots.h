#pragma once

#include <string>

#include "evenkeel/report/page/palette.h"

namespace evenkeel {

/// The chart as an SVG picture, with colours from page.css's classes. Each dot and mark has a <title> that says what it
/// is.
std::string svg_of(const DotChart& chart, const Palette& palette);
/// The legend of the marks that the chart has: a piece of HTML.
std::string legend_of(const DotChart& chart);

}  // namespace evenkeel
