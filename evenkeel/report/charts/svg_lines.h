#pragma once

#include <string>

#include "evenkeel/report/charts/line_plot.h"

namespace evenkeel {

/// The chart as an SVG picture whose colours are page.css's classes. charts.js knows its parts: the ticks of both axes
/// (.rows, .columns), what lies in percent (markers, .level), the .window through which the curves are seen, and which
/// curve (data-curve) each of them belongs to.
std::string svg_of(const LinePlot& plot);
/// The names of its curves beside a short piece of each, as buttons: a piece of HTML.
std::string legend_of(const LinePlot& plot);

}  // namespace evenkeel
