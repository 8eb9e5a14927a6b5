#pragma once

#include <string>

#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// The steps from the first value to the last as an SVG picture: a floating bar each, in page.css's classes. The
/// first and the last are bars from zero, with a break where the axis begins elsewhere.
std::string svg_of(const Waterfall& chart);

}  // namespace evenkeel
