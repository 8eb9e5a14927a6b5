#pragma once

#include <string>
#include <vector>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

/// y = gamma * x + beta per channel (last axis), in training and evaluation: what a BatchNormalization computes in
/// evaluation, but without statistics. Input [N, ..., C], output the same. Keras has no such layer; PyTorch users know
/// it as a frozen batch normalization.
struct Affine {
  bool trainable = true;  ///< gamma and beta updated by the optimizer
  std::string name = {};

  static constexpr std::string_view kType = "Affine";
  static void describe(Fields<Affine>&);
};
LayerTraits traits(const Affine&);
Value build(const Affine&, LayerBuilder&, Value x);

/// y = gamma * x per channel (last axis), with small initial values so that a residual branch begins near 0. Input [N,
/// ..., C], output the same. Touvron et al. 2021, "Going deeper with Image Transformers"; the LayerScale of ConvNeXt in
/// Keras's applications and torchvision.
struct LayerScale {
  double initial_value = 1e-6;  ///< of gamma [C]
  bool trainable = true;        ///< gamma updated by the optimizer
  std::string name = {};

  static constexpr std::string_view kType = "LayerScale";
  static void describe(Fields<LayerScale>&);
};
LayerTraits traits(const LayerScale&);
Value build(const LayerScale&, LayerBuilder&, Value x);

/// y = x where x > 0, else alpha * x, with a learned alpha for each element of a sample, shared along some axes. Input
/// [N, ...], output the same. He et al. 2015; Keras's PReLU. PyTorch's has one alpha for all, or one per channel, and
/// begins with 0.25: shared_axes = [1, 2], alpha_initializer = "constant(0.25)" for [N, H, W, C].
struct PReLU {
  Initializer alpha_initializer = Initializer::zeros();  ///< of alpha, [...] as x without N, with 1 on shared axes
  std::vector<std::int64_t> shared_axes = {};            ///< counted from 1, as the axes of x after N
  bool trainable = true;                                 ///< alpha updated by the optimizer
  std::string name = {};

  static constexpr std::string_view kType = "PReLU";
  static void describe(Fields<PReLU>&);
};
LayerTraits traits(const PReLU&);
Value build(const PReLU&, LayerBuilder&, Value x);

}  // namespace evenkeel
