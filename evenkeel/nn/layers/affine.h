#pragma once

#include <string>

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

}  // namespace evenkeel
