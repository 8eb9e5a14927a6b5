#pragma once

#include <string>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

/// Normalizes each channel (last axis) to zero mean and unit variance, then scales and shifts it.
/// Training: the batch's own statistics; moving ones follow by `momentum`. Evaluation: the moving ones. Which are used
/// and whether they follow can be set per layer at run time (LayerMode).
/// Input [N, ..., C], output the same. Ioffe & Szegedy 2015; names and defaults as Keras's BatchNormalization.
/// `trainable = false` leaves gamma and beta out of the update and says nothing about statistics (in Keras it also
/// switches to the moving ones).
struct BatchNormalization {
  double momentum = 0.99;                 ///< weight of the old value; PyTorch's momentum is 1 minus this
  double epsilon = 1e-3;                  ///< added to the variance
  bool center = true;                     ///< learn beta
  bool scale = true;                      ///< learn gamma
  bool unbiased_moving_variance = false;  ///< n/(n-1), as TensorFlow 1's fused kernel and PyTorch
  Initializer beta_initializer = Initializer::zeros();
  Initializer gamma_initializer = Initializer::ones();
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "BatchNormalization";
  static void describe(Fields<BatchNormalization>&);
};
Value build(const BatchNormalization&, LayerBuilder&, Value x);

/// The same computation written from its parts: moments, a moving average, a scale and a shift, each an op of its own
/// whose gradient is found by differentiation. It is how one would write a new normalization; slower than the fused
/// layer and held to it by a test. The moving variance follows the biased one. Same tensors as BatchNormalization.
struct BatchNormalizationFromParts {
  double momentum = 0.99;
  double epsilon = 1e-3;
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "BatchNormalizationFromParts";
  static void describe(Fields<BatchNormalizationFromParts>&);
};
Value build(const BatchNormalizationFromParts&, LayerBuilder&, Value x);

}  // namespace evenkeel
