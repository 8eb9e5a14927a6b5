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

  /// What a hypothesis on top of another one must differ in, if it is not about values.
  enum class Kind { values, channels, axes };
  Kind kind() const;
};

/// What hypotheses about samples rest on: found by one pass, and known without another after a correction.
struct InputSummary {
  Shape sample;                     ///< of one
  std::vector<double> least, most;  ///< of each channel
  LayerStatistics moments;

  explicit InputSummary(const Dataset& data);
  double least_of_all() const;
  double most_of_all() const;
  /// Of the samples as the hypothesis would have them; of gray and standardized samples about so.
  InputSummary after(const InputHypothesis& hypothesis) const;
};

/// What can be thought of for such data: another range ([0, 255], [0, 1], [-1, 1], 16 bits, by the values there are),
/// its channel means or ImageNet's subtracted, standardized (all channels alike, each, or each sample), or not,
/// inverted, RGB for BGR, gray, height for width, flipped, turned. With the moments of training data: also brought to
/// those. The simpler come first.
std::vector<InputHypothesis> input_hypotheses(const InputSummary& data, const LayerStatistics* train = nullptr);

/// The samples with the hypothesis's correction, float32; labels do not change.
Dataset corrected(const Dataset& data, const InputHypothesis& hypothesis);

/// One after another: what was done to the samples in several steps.
using InputCorrection = std::vector<InputHypothesis>;
Dataset corrected(const Dataset& data, const InputCorrection& steps);
/// "multiplied by 255; then their channels in reverse order: ..."
std::string correction_text(const InputCorrection& steps);
/// The whole correction as a layer in front of the network, where it is one.
std::optional<Rescaling> layer_of(const InputCorrection& steps);

}  // namespace evenkeel
