#pragma once

#include <string>

#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// A model's layers as an SVG picture of its natural size, colours by page.css's classes: a column of boxes for a
/// chain (several beside each other where it is long), rows of such columns for a graph.
std::string svg_of(const Diagram& diagram);

}  // namespace evenkeel
