#pragma once

#include "evenkeel/nn/layer_traits.h"

namespace evenkeel {

// How noise in training changes the variance of the next layer's input, for an element of mean c and variance v and
// noise that is independent of it. In evaluation the noise is off and the variance is v, but a normalization's moving
// variance is that of training: the variance shift (Li, Chen, Hu, Yang 2019). `keep` is 1 - rate, in (0, 1]. All throw
// Error for a keep outside of this range, a negative variance or a negative beta.

/// The variance after inverted dropout: (c^2 + v) / keep - c^2.
double variance_behind_dropout(double mean, double variance, double keep);

/// The variance before a dropout from that after it, where the mean is the same: (c^2 + v) keep - c^2.
double variance_before_dropout(double mean, double variance, double keep);

/// The part of the variance after a dropout that is left in evaluation: v / ((c^2 + v) / keep - c^2). For relu of a
/// standard normal number it is 0.860, 0.614, 0.405 at keep 0.9, 0.7, 0.5.
double variance_shift_of_dropout(double mean, double variance, double keep);

/// The variance after Uout: v + beta^2 / 3 (c^2 + v).
double variance_behind_uout(double mean, double variance, double beta);

/// The variance before a Uout from that after it: (Var - beta^2 / 3 c^2) / (1 + beta^2 / 3).
double variance_before_uout(double mean, double variance, double beta);

/// The variance after any noise, by its layer's traits.
double variance_behind(const NoiseTraits& noise, double mean, double variance);

/// The variance before a noise that is a factor of mean 1 (throws Error for others) from that after it.
double variance_before(const NoiseTraits& noise, double mean, double variance);

}  // namespace evenkeel
