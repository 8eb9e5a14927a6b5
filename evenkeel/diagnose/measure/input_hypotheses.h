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

/// A way in which samples may be prepared differently than a network expects, with its correction. Axes come first,
/// then the order of channels, then values.
struct InputHypothesis {
  std::string name;                ///< "times-255"
  std::string correction;          ///< "multiplied by 255": what corrects the samples
  std::vector<double> scale = {};  ///< per channel, or one for all; empty: 1
  std::vector<double> offset = {};
  bool reverse_channels = false;  ///< RGB <-> BGR
  bool transpose = false;         ///< height <-> width
  bool flip_height = false, flip_width = false;
  bool gray = false;           ///< each pixel's three channels become their luminance
  bool by_sample = false;      ///< each sample is standardized by itself
  bool fits_anything = false;  ///< fits after any change of the samples; used only if no hypothesis with a name helps

  /// The property in which a second hypothesis must differ from the first, unless it is about values.
  enum class Kind { values, channels, axes };
  Kind kind() const;
};

/// The figures that hypotheses are based on. One pass finds them; after a correction they are known without another
/// pass.
struct InputSummary {
  Shape sample;                     ///< of one sample
  std::vector<double> least, most;  ///< of each channel
  LayerStatistics moments;

  explicit InputSummary(const Dataset& data);
  double least_of_all() const;
  double most_of_all() const;
  /// The figures of the corrected samples; approximate for gray and standardized samples.
  InputSummary after(const InputHypothesis& hypothesis) const;
};

/// The hypotheses for such data: another range ([0, 255], [0, 1], [-1, 1], 16 bits, depending on the values); its
/// channel means or ImageNet's subtracted or not; standardized (all channels together, each, or each sample) or not;
/// inverted; RGB for BGR; gray; height for width; flipped; turned. With the moments of training data, also scaled to
/// those. Simpler ones come first.
std::vector<InputHypothesis> input_hypotheses(const InputSummary& data, const LayerStatistics* train = nullptr);

/// The samples with the hypothesis's correction, float32; labels do not change.
Dataset corrected(const Dataset& data, const InputHypothesis& hypothesis);

/// Several hypotheses, one after the other.
using InputCorrection = std::vector<InputHypothesis>;
Dataset corrected(const Dataset& data, const InputCorrection& steps);
/// "multiplied by 255; then their channels in reverse order: ..."
std::string correction_text(const InputCorrection& steps);
/// The whole correction as a layer before the network, if one layer can do it.
std::optional<Rescaling> layer_of(const InputCorrection& steps);

}  // namespace evenkeel
