#pragma once

#include <string>

#include "evenkeel/report/charts/line_plot.h"

namespace evenkeel {

/// The chart as an SVG picture, with colours from page.css's classes. charts.js uses its parts: the ticks of both axes
/// (.rows, .columns), elements with positions in percent (markers, .level), the .window through which the curves are
/// seen, and data-curve, the curve that an element belongs to.
std::string svg_of(const LinePlot& plot);
/// The legend: a button for each curve, with its name and a sample of its line. A piece of HTML.
std::string legend_of(const LinePlot& plot);

}  // namespace evenkeel
