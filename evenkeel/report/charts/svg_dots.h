#pragma once

#include <string>
#include <vector>

#include "evenkeel/report/page/palette.h"

namespace evenkeel {

/// The chart without JavaScript and on paper: an SVG picture whose colours are page.css's classes.
std::string svg_of(const DotChart& chart, const Palette& palette);
/// What its signs mean, those that it has: a piece of HTML.
std::string legend_of(const DotChart& chart);
/// The labels of its hollow marks: "published", ...
std::vector<std::string> mark_labels(const DotChart& chart);
/// The marker's shape (palette.h) of marks with that label, by its place in the list above.
std::size_t shape_of_mark(std::size_t label);
/// "mean 0.9740 ± 0.0021"; empty where the row has none.
std::string mean_text(const DotChart::Row& row);
/// Dots of a row stand a little above and below its line, so that equal values do not hide each other: in [-1, 1].
double offset_of_dot(std::size_t index);

}  // namespace evenkeel
