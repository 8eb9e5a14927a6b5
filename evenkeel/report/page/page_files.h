#pragma once

#include <string_view>

// The script and style of report pages: files of page/ that CMake makes into a source.

namespace evenkeel::embedded {

extern const std::string_view charts_js, page_css;

}  // namespace evenkeel::embedded
