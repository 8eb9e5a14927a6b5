#pragma once

#include <string>

#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// A model's layers as an SVG picture of fixed size, with colours from page.css's classes. A chain is a column of boxes
/// (several side by side if it is long); a graph has rows of such columns.
std::string svg_of(const Diagram& diagram);

}  // namespace evenkeel
