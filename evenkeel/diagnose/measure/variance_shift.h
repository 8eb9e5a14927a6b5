#pragma once

#include "evenkeel/nn/layer_traits.h"

namespace evenkeel {

// How noise in training changes the variance that the next layer sees, for an element of mean c and variance v that the
// noise is independent of. In evaluation the noise is off and the variance is v: the shift that a normalization's
// moving variance carries over (Li, Chen, Hu, Yang 2019). `keep` is 1 - rate, in (0, 1]. Each throws Error for a keep
// outside it, a negative variance or a negative beta.

/// Behind inverted dropout: (c^2 + v) / keep - c^2.
double variance_behind_dropout(double mean, double variance, double keep);

/// The variance before a dropout from that behind it, whose mean is the same: (c^2 + v) keep - c^2.
double variance_before_dropout(double mean, double variance, double keep);

/// The part of the variance behind a dropout that is left in evaluation: v / ((c^2 + v) / keep - c^2). 0.860, 0.614,
/// 0.405 for relu of a standard normal number at keep 0.9, 0.7, 0.5.
double variance_shift_of_dropout(double mean, double variance, double keep);

/// Behind Uout: v + beta^2 / 3 (c^2 + v).
double variance_behind_uout(double mean, double variance, double beta);

/// The variance before a Uout from that behind it: (Var - beta^2 / 3 c^2) / (1 + beta^2 / 3).
double variance_before_uout(double mean, double variance, double beta);

/// Behind any noise, by what its layer says of it.
double variance_behind(const NoiseTraits& noise, double mean, double variance);

/// The variance before a noise that is a factor of mean 1 (throws Error for others) from that behind it.
double variance_before(const NoiseTraits& noise, double mean, double variance);

}  // namespace evenkeel
