#pragma once

#include <optional>
#include <string>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

/// Convolution of each channel by itself. Input [N, H, W, C], output [N, H', W', C * depth_multiplier]: output channel
/// c * depth_multiplier + k is the k-th of channel c. Keras's DepthwiseConv2D.
struct DepthwiseConv2D {
  Size2D kernel_size = 3;
  Size2D strides = 1;
  Padding padding = Padding::valid;
  std::int64_t depth_multiplier = 1;  ///< outputs of each channel
  Size2D dilation_rate = 1;
  ActivationFunction activation = ActivationFunction::linear;
  bool use_bias = true;
  /// Of the kernel [height, width, C, depth_multiplier]. As Keras's, by that shape: fan_in is height * width * C.
  Initializer depthwise_initializer = Initializer::glorot_uniform();
  Initializer bias_initializer = Initializer::zeros();
  std::optional<L2> depthwise_regularizer = {};
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "DepthwiseConv2D";
  static void describe(Fields<DepthwiseConv2D>&);
};
LayerTraits traits(const DepthwiseConv2D&);
Value build(const DepthwiseConv2D&, LayerBuilder&, Value x);

/// A depthwise convolution, then a pointwise one (1x1) that mixes its channels; bias and activation come last. Input
/// [N, H, W, C], output [N, H', W', filters]. Keras's SeparableConv2D.
struct SeparableConv2D {
  std::int64_t filters = 0;  ///< required
  Size2D kernel_size = 3;
  Size2D strides = 1;
  Padding padding = Padding::valid;
  std::int64_t depth_multiplier = 1;
  Size2D dilation_rate = 1;
  ActivationFunction activation = ActivationFunction::linear;
  bool use_bias = true;
  Initializer depthwise_initializer = Initializer::glorot_uniform();  ///< of [height, width, C, depth_multiplier]
  Initializer pointwise_initializer = Initializer::glorot_uniform();  ///< of [1, 1, C * depth_multiplier, filters]
  Initializer bias_initializer = Initializer::zeros();
  std::optional<L2> depthwise_regularizer = {};
  std::optional<L2> pointwise_regularizer = {};
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "SeparableConv2D";
  static void describe(Fields<SeparableConv2D>&);
};
LayerTraits traits(const SeparableConv2D&);
Value build(const SeparableConv2D&, LayerBuilder&, Value x);

}  // namespace evenkeel
