#pragma once

#include <string>
#include <vector>

#include "evenkeel/train/evaluate.h"

namespace evenkeel {

/// The confusion matrix as an SVG picture: a row per true class, a column per predicted one, each cell the darker the
/// larger its share of the row, with its count. Names may be empty: then classes have their numbers.
/// Throws Error where the evaluation has no matrix.
std::string confusion_svg(const Evaluation& evaluation, const std::vector<std::string>& class_names);

}  // namespace evenkeel
