#pragma once

#include <string>
#include <vector>

#include "evenkeel/diagnose/repairs/draft.h"

namespace evenkeel {

/// y = scale * x + shift, per channel.
struct ChannelAffine {
  std::vector<double> scale, shift;
};
/// What a normalization computes in evaluation, per channel.
ChannelAffine in_evaluation(const Draft& draft, const Normalization& normalization);

inline bool is_along_channels(const Draft& draft, int layer) { return is_along_channels(draft.model(), layer); }
/// The reason that is given for a normalization along another axis.
inline constexpr const char* kOtherAxis = "it normalizes another axis than the last";

/// The linear layer right before a normalization that has a bias, which the normalization subtracts with the mean; -1:
/// there is none.
int biased_before(const Model& model, int normalization);

/// A bias without effect, and the normalization that takes it out again.
struct RedundantBias {
  int linear = -1, normalization = -1;  ///< indices
};
/// Those of normalizations that subtract each channel's own mean, of the batch or of a sample: with moving statistics
/// or without, but not with frozen ones, which do not follow a bias.
std::vector<RedundantBias> redundant_biases(const Model& model);

/// The number of channels or features of a linear layer's output.
std::size_t outputs_of(const Draft& draft, int layer);

/// Whether the window of a layer ever covers padding. `input`: the shape of one sample.
bool pads(const Layer& layer, const Shape& input);

/// By layer: whether it reads one of these, directly or through others.
std::vector<bool> behind(const Draft& draft, const std::vector<int>& layers);
/// Whether a normalization comes after the layer, on any path.
bool leads_to_normalization(const Draft& draft, int layer);

std::string quoted(const std::string& name);

}  // namespace evenkeel
