#pragma once

#include <string>

#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// The report as one HTML file that needs nothing beside it and asks nothing of any network. Readable on a phone, light
/// and dark as the reader's system is, on paper, and without JavaScript: every chart is an SVG picture. A script makes
/// it answer: values under the pointer, zoom (drag along x; double click for all of it), curves that hide.
/// Traces of thousands of points are drawn with two to six per pixel, peaks and gaps kept; page_json.h has them all.
/// Throws Error where the layers of a diagram's model do not fit.
std::string html(const Report& report);

}  // namespace evenkeel
