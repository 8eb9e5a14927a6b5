#pragma once

#include <optional>
#include <string>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

/// Convolution of images. Input [N, H, W, C], output [N, H', W', filters]. Keras's Conv2D.
struct Conv2D {
  std::int64_t filters = 0;  ///< required
  Size2D kernel_size = 3;    ///< one number or {height, width}
  Size2D strides = 1;
  Padding padding = Padding::valid;  ///< `same` with stride 2 on an even input pads more at the end; 1: PyTorch's
  ActivationFunction activation = ActivationFunction::linear;
  bool use_bias = true;
  Initializer kernel_initializer = Initializer::glorot_uniform();  ///< of the kernel [height, width, C, filters]
  Initializer bias_initializer = Initializer::zeros();
  std::optional<L2> kernel_regularizer = {};  ///< a penalty on the kernel, added to the loss
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "Conv2D";
  static void describe(Fields<Conv2D>&);
};
LayerTraits traits(const Conv2D&);
Value build(const Conv2D&, LayerBuilder&, Value x);

}  // namespace evenkeel
