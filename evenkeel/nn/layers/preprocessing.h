#pragma once

#include <string>
#include <vector>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

/// y = (x - mean) / max(sqrt(variance), 1e-7) with given numbers for each channel, for preprocessing inside the model.
/// One number stands for all channels. It is computed as x * scale + shift in float32, so where a mean is m deviations
/// from 0, y has an error of about m * 6e-8. Input and output [N, ..., C]. Keras's Normalization with `mean` and
/// `variance`, and type "Normalization" in model files.
struct FixedNormalization {
  std::vector<double> mean = {0};
  std::vector<double> variance = {1};
  std::string name = {};

  static constexpr std::string_view kType = "Normalization";
  static void describe(Fields<FixedNormalization>&);
};
LayerTraits traits(const FixedNormalization&);
Value build(const FixedNormalization&, LayerBuilder&, Value x);

}  // namespace evenkeel
