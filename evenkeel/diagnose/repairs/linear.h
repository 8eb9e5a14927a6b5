#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/repairs/draft.h"

namespace evenkeel {

/// What Conv2D and Dense have in common: a kernel, seen as a matrix [rows, outputs] whose row r reads channel
/// r % channels of the input (behind a Flatten, the channel before it), and perhaps a bias.
struct LinearOptions {
  std::int64_t outputs = 0;  ///< `filters`, `units`
  ActivationFunction activation = linear;
  bool use_bias = true;
  std::optional<L2> kernel_regularizer = {};
};
/// Nothing where the layer is neither.
std::optional<LinearOptions> linear_options(const Layer& layer);
/// The same Conv2D or Dense with these.
Layer with_options(const Layer& layer, const LinearOptions& options);

/// y = scale * x + shift, per channel.
struct ChannelAffine {
  std::vector<double> scale, shift;
};
/// What a normalization computes in evaluation.
ChannelAffine in_evaluation(const Draft& draft, const Normalization& normalization);

/// Whether a normalization's channels are those of the last axis, as they are of Conv2D, Dense and Affine.
bool is_along_channels(const Model& model, int normalization);
inline bool is_along_channels(const Draft& draft, int normalization) {
  return is_along_channels(draft.model(), normalization);
}
/// What is said of one whose are not.
inline constexpr const char* kOtherAxis = "it normalizes another axis than the last";

/// The Conv2D or Dense right before a normalization whose bias that takes out again with the mean; -1: there is none.
int biased_before(const Model& model, int normalization);

/// Whether the window of a layer ever covers padding. `input`: the shape of one sample.
bool pads(const Layer& layer, const Shape& input);

/// By layer: whether it reads one of these, itself or through others.
std::vector<bool> behind(const Draft& draft, const std::vector<int>& layers);
/// Whether a normalization lies behind the layer, on any way.
bool leads_to_normalization(const Draft& draft, int layer);

std::string quoted(const std::string& name);

}  // namespace evenkeel
