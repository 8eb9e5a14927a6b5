#pragma once

#include <string>

#include "evenkeel/nn/layer.h"

// Variants of Dropout; Dropout itself and Uout are in core.h. All masks are functions of (seed, step, layer, element).
// In evaluation, y = x.

namespace evenkeel {

/// Training: zeroes a fraction `rate` of each sample's channels, at all positions, and divides the others by 1 - rate.
/// It drops whole channels because neighbouring pixels of a feature map are similar, so dropping single ones changes
/// little. Input and output [N, H, W, C]. Tompson et al. 2015; Keras's SpatialDropout2D.
struct SpatialDropout2D {
  double rate = 0.5;  ///< fraction dropped, in [0, 1)
  std::string name = {};

  static constexpr std::string_view kType = "SpatialDropout2D";
  static void describe(Fields<SpatialDropout2D>&);
};
LayerTraits traits(const SpatialDropout2D&);
Value build(const SpatialDropout2D&, LayerBuilder&, Value x);

/// Training: zeroes whole samples, a fraction `rate` of them, and divides the others by 1 - rate: one draw per sample.
/// Put it at the end of a residual branch, before the Add. Input and output [N, ...]. Huang et al. 2016, "Deep Networks
/// with Stochastic Depth"; torchvision's StochasticDepth in mode "row", Keras's Dropout with noise_shape (None, 1,
/// ...).
struct StochasticDepth {
  double rate = 0.5;  ///< fraction dropped, in [0, 1)
  std::string name = {};

  static constexpr std::string_view kType = "StochasticDepth";
  static void describe(Fields<StochasticDepth>&);
};
LayerTraits traits(const StochasticDepth&);
Value build(const StochasticDepth&, LayerBuilder&, Value x);

/// Training: y = x * z with z normal of mean 1 and variance rate / (1 - rate) for each element, which is the variance
/// of Dropout's factor. Input and output [N, ...]. Srivastava et al. 2014; Keras's GaussianDropout.
struct GaussianDropout {
  double rate = 0.5;  ///< rate of the Dropout with the same variance, in [0, 1)
  std::string name = {};

  static constexpr std::string_view kType = "GaussianDropout";
  static void describe(Fields<GaussianDropout>&);
};
LayerTraits traits(const GaussianDropout&);
Value build(const GaussianDropout&, LayerBuilder&, Value x);

/// Training: a fraction `rate` of the elements becomes s = -1.7580993408473766 (what selu tends to for large negative
/// numbers), then all become a * x + b with a = ((1 - rate) (1 + rate s^2))^-1/2, b = -a rate s. Elements of mean 0 and
/// variance 1, as in self-normalizing networks, keep their mean and variance. Input and output [N, ...]. Klambauer et
/// al. 2017; Keras's AlphaDropout.
struct AlphaDropout {
  double rate = 0.5;  ///< fraction dropped, in [0, 1)
  std::string name = {};

  static constexpr std::string_view kType = "AlphaDropout";
  static void describe(Fields<AlphaDropout>&);
};
LayerTraits traits(const AlphaDropout&);
Value build(const AlphaDropout&, LayerBuilder&, Value x);

}  // namespace evenkeel
