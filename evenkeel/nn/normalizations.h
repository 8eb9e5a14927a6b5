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
  double epsilon = 0;
  double momentum = 0;                    ///< 0 of a mean of all batches: nothing is left of the initial statistics
  bool unbiased = false;                  ///< its moving variance has the factor n/(n-1)
  bool frozen = false;                    ///< training uses the moving statistics too, and does not change them
  std::optional<std::int64_t> axis = {};  ///< as declared, if the layer has a choice
  std::string mean = {}, variance = {};   ///< its moving statistics: "batch_normalization/moving_mean"
  std::string batches = {};           ///< the number of batches that these are the mean of; empty: they use momentum
  std::string gamma = {}, beta = {};  ///< tensors; empty if it does not have them
  /// A momentum below one half was most likely meant as the weight of the new value, as in PyTorch.
  bool has_inverted_momentum() const { return !frozen && batches.empty() && momentum < 0.5; }
};

/// The model's normalizations with moving statistics, in the order of the description.
std::vector<Normalization> normalizations(const Model& model);

/// "0.99", "0.9997": a momentum with the digits that tell it from 1.
std::string momentum_text(double momentum);

/// This mode for each layer, by its index; but frozen statistics are never those of a batch, and stay what they are.
std::vector<LayerMode> modes_of(const Model& model, const LayerMode& mode);

/// The names of the layers that normalize by the statistics of the batch in evaluation too, so that a sample's output
/// depends on its batch.
std::vector<std::string> normalized_by_batch(const Model& model);

/// Whether evaluation can compute with a moving variance: the variance plus epsilon must be above 0, else the output is
/// NaN.
inline bool has_deviation(double variance, double epsilon) { return variance + epsilon > 0; }

/// Whether the channels of a layer are along the last axis. Only a normalization with another `axis` is not.
bool is_along_channels(const Model& model, int layer);

/// The name of the value that a layer with one input reads. For a BatchNormalization along another axis than the last
/// it is the input with that axis moved to the end, so that the value's channels are the layer's.
std::string input_value(const Model& model, const CompiledModel& compiled, int layer);

}  // namespace evenkeel
