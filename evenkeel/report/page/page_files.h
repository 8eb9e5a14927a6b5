#pragma once

#include <string_view>

// The scripts and style of report pages. CMake makes a source from these files of page/.

namespace evenkeel::embedded {

extern const std::string_view charts_js, copy_js, page_css;

}  // namespace evenkeel::embedded
