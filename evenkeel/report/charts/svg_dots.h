#pragma once

#include <string>

#include "evenkeel/report/page/palette.h"

namespace evenkeel {

/// The chart as an SVG picture whose colours are page.css's classes. Each dot and mark has a <title>: what it is.
std::string svg_of(const DotChart& chart, const Palette& palette);
/// What its signs mean, those that it has: a piece of HTML.
std::string legend_of(const DotChart& chart);

}  // namespace evenkeel
