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
  Size2D dilation_rate = 1;          ///< distance of neighbouring taps of the window
  std::int64_t groups = 1;           ///< divides C and filters; a filter reads the channels of its group
  ActivationFunction activation = ActivationFunction::linear;
  bool use_bias = true;
  Initializer kernel_initializer =
      Initializer::glorot_uniform();  ///< of the kernel [height, width, C / groups, filters]
  Initializer bias_initializer = Initializer::zeros();
  std::optional<L2> kernel_regularizer = {};  ///< a penalty on the kernel, added to the loss
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "Conv2D";
  static void describe(Fields<Conv2D>&);
};
LayerTraits traits(const Conv2D&);
Value build(const Conv2D&, LayerBuilder&, Value x);

/// Convolution of sequences. Input [N, L, C], output [N, L', filters]. Keras's Conv1D; its `causal` padding is
/// Padding(0, 0, (kernel_size - 1) * dilation_rate, 0).
struct Conv1D {
  std::int64_t filters = 0;  ///< required
  std::int64_t kernel_size = 3;
  std::int64_t strides = 1;
  Padding padding = Padding::valid;  ///< a number for both ends, or {0, 0, before, after}
  std::int64_t dilation_rate = 1;
  std::int64_t groups = 1;
  ActivationFunction activation = ActivationFunction::linear;
  bool use_bias = true;
  Initializer kernel_initializer = Initializer::glorot_uniform();  ///< of the kernel [kernel_size, C / groups, filters]
  Initializer bias_initializer = Initializer::zeros();
  std::optional<L2> kernel_regularizer = {};
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "Conv1D";
  static void describe(Fields<Conv1D>&);
};
LayerTraits traits(const Conv1D&);
Value build(const Conv1D&, LayerBuilder&, Value x);

/// Transposed convolution: each input pixel is added to a window of outputs. Input [N, H, W, C], output [N, H', W',
/// filters]. The gradient of a Conv2D with the same options with respect to its input. Keras's Conv2DTranspose; its
/// sizes and those of PyTorch's ConvTranspose2d are those of ops::transposed_over.
struct Conv2DTranspose {
  std::int64_t filters = 0;  ///< required
  Size2D kernel_size = 3;
  Size2D strides = 1;
  Padding padding = Padding::valid;  ///< of the output: what `same` or the numbers take away
  /// Rows and columns added at the end of the output: one number, or height and width. Unset: as Keras's None.
  std::optional<std::vector<std::int64_t>> output_padding = {};
  Size2D dilation_rate = 1;
  std::int64_t groups = 1;  ///< divides C and filters; Keras has 1
  ActivationFunction activation = ActivationFunction::linear;
  bool use_bias = true;
  Initializer kernel_initializer =
      Initializer::glorot_uniform();  ///< of the kernel [height, width, filters / groups, C]
  Initializer bias_initializer = Initializer::zeros();
  std::optional<L2> kernel_regularizer = {};
  bool trainable = true;
  std::string name = {};

  static constexpr std::string_view kType = "Conv2DTranspose";
  static void describe(Fields<Conv2DTranspose>&);
};
LayerTraits traits(const Conv2DTranspose&);
Value build(const Conv2DTranspose&, LayerBuilder&, Value x);

}  // namespace evenkeel
