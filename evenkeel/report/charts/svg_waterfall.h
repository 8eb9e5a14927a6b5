#pragma once

#include <string>

#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// The steps from the first value to the last as an SVG picture: a floating bar each, in page.css's classes.
std::string svg_of(const Waterfall& chart);

}  // namespace evenkeel
