#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/diagnose/measure/normalizations.h"
#include "evenkeel/nn/layers/core.h"

namespace evenkeel {

/// Mean and biased variance of each channel (last axis) of the samples, in double; the layer is "input".
LayerStatistics channel_moments(const Dataset& data);

/// A way in which samples may have been prepared otherwise than a network expects: what would make them right.
struct InputHypothesis {
  std::string name;                ///< "times-255"
  std::string correction;          ///< "multiplied by 255": done to the samples as they are
  std::vector<double> scale = {};  ///< per channel, or one for all; empty: 1
  std::vector<double> offset = {};
  bool reverse_channels = false;  ///< RGB <-> BGR
  bool transpose = false;         ///< height <-> width
  bool fits_anything = false;     ///< whatever was done to the samples: no answer where one with a name helps

  /// The correction as a layer in front of the network, where it is one.
  std::optional<Rescaling> layer() const;
};

/// What can be thought of for such data: another range ([0, 255], [0, 1], [-1, 1], by the values there are), its
/// channel means subtracted, standardized (all channels alike, or each), or not, inverted, RGB for BGR, height for
/// width. With `train`: also brought to the moments of its channels. The simpler come first.
std::vector<InputHypothesis> input_hypotheses(const Dataset& data, const Dataset* train = nullptr);

/// The samples as the hypothesis would have them, float32; labels as they were.
Dataset corrected(const Dataset& data, const InputHypothesis& hypothesis);

}  // namespace evenkeel
