#pragma once

#include <string>

#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// The report as one HTML file that needs no other file and no network. It can be read on a phone, on paper, light or
/// dark like the reader's system, and without JavaScript: every chart is an SVG picture. A script adds values under the
/// pointer, zoom (drag along x; double click resets it), and curves that can be hidden. Long traces are drawn with two
/// to six points per pixel, with all peaks and gaps; page_json.h has all points. Throws Error if the model of a diagram
/// is not valid.
std::string html(const Report& report);

}  // namespace evenkeel
