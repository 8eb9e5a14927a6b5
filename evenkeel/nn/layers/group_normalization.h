#pragma once

#include <string>

#include "evenkeel/nn/layer.h"

// Normalizations by the statistics of each sample alone. Training and evaluation compute the same, whatever the batch,
// and there are no moving statistics. Inputs [N, ..., C], outputs the same; gamma and beta [C]. Formulas:
// docs/kernels/group_norm.md.

namespace evenkeel {

/// y = gamma * (x - mean) / sqrt(variance + epsilon) + beta with mean and variance over the channels (last axis) at
/// each position of each sample. Ba, Kiros, Hinton 2016; Keras's LayerNormalization with its axis -1.
struct LayerNormalization {
  double epsilon = 1e-3;  ///< added to the variance; PyTorch's default is 1e-5
  bool center = true;     ///< learn beta
  bool scale = true;      ///< learn gamma
  Initializer beta_initializer = Initializer::zeros();
  Initializer gamma_initializer = Initializer::ones();
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "LayerNormalization";
  static void describe(Fields<LayerNormalization>&);
};
LayerTraits traits(const LayerNormalization&);
Value build(const LayerNormalization&, LayerBuilder&, Value x);

/// The same with mean and variance over all positions and the channels of a group (C / groups neighbouring channels).
/// Wu & He 2018; Keras's GroupNormalization.
struct GroupNormalization {
  std::int64_t groups = 32;  ///< a divisor of C; -1: every channel is a group (InstanceNormalization)
  double epsilon = 1e-3;     ///< added to the variance; PyTorch's default is 1e-5
  bool center = true;        ///< learn beta
  bool scale = true;         ///< learn gamma
  Initializer beta_initializer = Initializer::zeros();
  Initializer gamma_initializer = Initializer::ones();
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "GroupNormalization";
  static void describe(Fields<GroupNormalization>&);
};
LayerTraits traits(const GroupNormalization&);
Value build(const GroupNormalization&, LayerBuilder&, Value x);

/// The same with mean and variance over the positions, for each channel alone. Input [N, positions ..., C].
/// Ulyanov, Vedaldi, Lempitsky 2016. Keras has it as GroupNormalization(groups=-1); PyTorch's has no gamma and beta
/// unless affine=True.
struct InstanceNormalization {
  double epsilon = 1e-3;  ///< added to the variance
  bool center = true;     ///< learn beta
  bool scale = true;      ///< learn gamma
  Initializer beta_initializer = Initializer::zeros();
  Initializer gamma_initializer = Initializer::ones();
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "InstanceNormalization";
  static void describe(Fields<InstanceNormalization>&);
};
LayerTraits traits(const InstanceNormalization&);
Value build(const InstanceNormalization&, LayerBuilder&, Value x);

/// y = scale * x / sqrt(mean(x^2) + epsilon), the mean over the channels (last axis) at each position of each sample.
/// Zhang & Sennrich 2019; Keras's RMSNormalization, with its tensor "scale" [C].
struct RMSNormalization {
  double epsilon = 1e-6;  ///< added to the mean square
  bool scale = true;      ///< learn the scale, as Keras always does
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "RMSNormalization";
  static void describe(Fields<RMSNormalization>&);
};
LayerTraits traits(const RMSNormalization&);
Value build(const RMSNormalization&, LayerBuilder&, Value x);

}  // namespace evenkeel
