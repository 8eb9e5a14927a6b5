#pragma once

#include <functional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/repairs/draft.h"

namespace evenkeel {

/// A way in which weights may have been stored for another program than this one.
struct WeightLayout {
  std::string name;    ///< "rows-chw"
  std::string family;  ///< "rows": two of a family exclude each other
  std::string what;    ///< "the rows of dense after flatten are in the order (channel, height, width)": a clause
  std::string line;    ///< of Python that mends it: "kernel = kernel.reshape(...)..."
  std::vector<std::string> layers;
  std::function<void(Draft&)> apply;  ///< makes it this program's; no shape changes
};

/// What can be thought of for such weights: another order of the rows after a flattening; convolution kernels turned by
/// 180 degrees, or with height and width exchanged; square kernels with inputs and outputs exchanged; scales that were
/// ignored. Only what would change something.
std::vector<WeightLayout> weight_layouts(Network& network);

}  // namespace evenkeel
