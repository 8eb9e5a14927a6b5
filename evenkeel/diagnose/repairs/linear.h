#pragma once

#include <string>
#include <vector>

#include "evenkeel/diagnose/repairs/draft.h"

namespace evenkeel {

/// y = scale * x + shift, per channel.
struct ChannelAffine {
  std::vector<double> scale, shift;
};
/// What a normalization computes in evaluation.
ChannelAffine in_evaluation(const Draft& draft, const Normalization& normalization);

inline bool is_along_channels(const Draft& draft, int layer) { return is_along_channels(draft.model(), layer); }
/// What is said of one whose are not.
inline constexpr const char* kOtherAxis = "it normalizes another axis than the last";

/// The linear layer right before a normalization whose bias that takes out again with the mean; -1: there is none.
int biased_before(const Model& model, int normalization);

/// How many channels or features a linear layer yields.
std::size_t outputs_of(const Draft& draft, int layer);

/// Whether the window of a layer ever covers padding. `input`: the shape of one sample.
bool pads(const Layer& layer, const Shape& input);

/// By layer: whether it reads one of these, itself or through others.
std::vector<bool> behind(const Draft& draft, const std::vector<int>& layers);
/// Whether a normalization lies behind the layer, on any way.
bool leads_to_normalization(const Draft& draft, int layer);

std::string quoted(const std::string& name);

}  // namespace evenkeel
