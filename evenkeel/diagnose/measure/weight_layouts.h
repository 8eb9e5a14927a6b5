#pragma once

#include <functional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/repairs/draft.h"

namespace evenkeel {

/// A way in which weights may have been stored for another program.
struct WeightLayout {
  std::string name;    ///< "rows-chw-of-flatten"
  std::string family;  ///< "rows"; two layouts of a family exclude each other
  std::string what;    ///< "the rows of dense after flatten are in the order (channel, height, width)": a clause
  std::string line;    ///< Python code that corrects it: "kernel = kernel.reshape(...)..."
  std::vector<std::string> layers;
  std::function<void(Draft&)> apply;  ///< converts to this program's layout; shapes do not change
};

/// The layouts that are tried: another order of the rows after a Flatten; convolution kernels turned by 180 degrees, or
/// with height and width exchanged; square kernels with inputs and outputs exchanged; scales that were ignored. Only
/// those that change something.
std::vector<WeightLayout> weight_layouts(const Draft& draft);

}  // namespace evenkeel
