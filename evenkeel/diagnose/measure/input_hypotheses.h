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

/// A way in which samples may be prepared differently than a network expects, with its correction.
struct InputHypothesis {
  std::string name;                ///< "times-255"
  std::string correction;          ///< "multiplied by 255": what corrects the samples
  std::vector<double> scale = {};  ///< per channel, or one for all; empty: 1
  std::vector<double> offset = {};
  bool reverse_channels = false;  ///< RGB <-> BGR
  bool transpose = false;         ///< height <-> width
  bool fits_anything = false;  ///< fits after any change of the samples; used only if no hypothesis with a name helps

  /// The correction as a layer before the network, if one layer can do it.
  std::optional<Rescaling> layer() const;
};

/// The hypotheses for such data: another range ([0, 255], [0, 1], [-1, 1], depending on the values), channel means
/// subtracted or not, standardized (all channels together, or each) or not, inverted, RGB for BGR, height for width.
/// With `train`, also scaled to the moments of its channels. Simpler ones come first.
std::vector<InputHypothesis> input_hypotheses(const Dataset& data, const Dataset* train = nullptr);

/// The samples with the hypothesis's correction, float32; labels do not change.
Dataset corrected(const Dataset& data, const InputHypothesis& hypothesis);

}  // namespace evenkeel
