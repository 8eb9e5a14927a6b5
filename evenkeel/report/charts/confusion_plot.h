#pragma once

#include <string>
#include <vector>

#include "evenkeel/train/evaluate.h"

namespace evenkeel {

/// The confusion matrix as an SVG picture: a row per true class, a column per predicted one. Each cell shows its count
/// and is darker the larger its share of the row. If names are empty, classes are shown by number. Throws Error if the
/// evaluation has no matrix.
std::string confusion_svg(const Evaluation& evaluation, const std::vector<std::string>& class_names);

}  // namespace evenkeel
