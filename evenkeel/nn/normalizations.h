#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evenkeel/nn/compile.h"

namespace evenkeel {

/// A layer that keeps moving statistics.
struct Normalization {
  int layer = 0;     ///< index in the description
  std::string name;  ///< the layer's
  double epsilon = 0, momentum = 0;
  bool unbiased = false;                  ///< its moving variance is that of n/(n-1)
  std::optional<std::int64_t> axis = {};  ///< as declared, where one can be chosen
  std::string mean = {}, variance = {};   ///< its moving statistics: "batch_normalization/moving_mean"
  std::string gamma = {}, beta = {};      ///< tensors; empty where it has none
  /// Below a half, momentum was meant to be the weight of the new value.
  bool has_inverted_momentum() const { return momentum < 0.5; }
};

/// In the order of the description; empty where the model has none.
std::vector<Normalization> normalizations(const Model& model);

/// Whether a moving variance can be computed with: epsilon may make up for one below zero. Every normalization yields
/// NaN where it does not.
inline bool has_deviation(double variance, double epsilon) { return variance + epsilon > 0; }

/// Whether the channels of a layer are those of the last axis, as they are of every layer but a normalization that was
/// told another.
bool is_along_channels(const Model& model, int layer);

/// The name of the value that a layer of one input reads; of a BatchNormalization along another axis than the last, the
/// input with that axis moved to the end, so that statistics of its last axis are the layer's.
std::string input_value(const Model& model, const CompiledModel& compiled, int layer);

}  // namespace evenkeel
