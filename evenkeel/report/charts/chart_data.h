#pragma once

#include <string>
#include <vector>

#include "evenkeel/report/charts/svg_dots.h"
#include "evenkeel/report/charts/svg_lines.h"

namespace evenkeel {

// What the page's scripts draw, as JSON that may stand in a <script>: numbers with as many digits as can be seen, null
// for what is none.

std::string chart_data(const LineChart& chart, const std::vector<DrawnCurve>& curves);
std::string chart_data(const DotChart& chart, const Palette& palette);

}  // namespace evenkeel
