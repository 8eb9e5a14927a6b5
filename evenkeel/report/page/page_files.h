#pragma once

#include <string_view>

// The scripts and styles of report pages: files of page/, and Chart.js, which CMake makes into a source.

namespace evenkeel::embedded {

extern const std::string_view chart_min_js, figure_js, lines_js, dots_js, start_js, page_css;

}  // namespace evenkeel::embedded
