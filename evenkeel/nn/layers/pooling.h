#pragma once

#include <optional>
#include <string>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

/// Maximum over windows; padding is not counted. Input [N, H, W, C], output [N, H', W', C]. Keras's MaxPooling2D, and
/// PyTorch's MaxPool2d with padding in numbers and ceil_mode.
struct MaxPooling2D {
  Size2D pool_size = 2;
  std::optional<Size2D> strides = {};  ///< default: the pool size
  Padding padding = Padding::valid;    ///< each side less than the window
  bool ceil_mode = false;              ///< round sizes up: a last window may reach past the end
  std::string name = {};

  static constexpr std::string_view kType = "MaxPooling2D";
  static void describe(Fields<MaxPooling2D>&);
};
LayerTraits traits(const MaxPooling2D&);
Value build(const MaxPooling2D&, LayerBuilder&, Value x);

/// Mean over windows; padding is not counted, unless `count_include_pad`. Input [N, H, W, C], output [N, H', W', C].
/// Keras's AveragePooling2D, and PyTorch's AvgPool2d, whose count_include_pad is true by default.
struct AveragePooling2D {
  Size2D pool_size = 2;
  std::optional<Size2D> strides = {};  ///< default: the pool size
  Padding padding = Padding::valid;    ///< each side less than the window
  bool ceil_mode = false;              ///< round sizes up: a last window may reach past the end
  bool count_include_pad = false;      ///< zeros of the padding count; what is past them never does
  std::string name = {};

  static constexpr std::string_view kType = "AveragePooling2D";
  static void describe(Fields<AveragePooling2D>&);
};
LayerTraits traits(const AveragePooling2D&);
Value build(const AveragePooling2D&, LayerBuilder&, Value x);

/// Mean over height and width. Input [N, H, W, C], output [N, C]; with keepdims [N, 1, 1, C]. Keras's
/// GlobalAveragePooling2D.
struct GlobalAveragePooling2D {
  bool keepdims = false;
  std::string name = {};

  static constexpr std::string_view kType = "GlobalAveragePooling2D";
  static void describe(Fields<GlobalAveragePooling2D>&);
};
LayerTraits traits(const GlobalAveragePooling2D&);
Value build(const GlobalAveragePooling2D&, LayerBuilder&, Value x);

/// Maximum over height and width. Input [N, H, W, C], output [N, C]; with keepdims [N, 1, 1, C]. Keras's
/// GlobalMaxPooling2D.
struct GlobalMaxPooling2D {
  bool keepdims = false;
  std::string name = {};

  static constexpr std::string_view kType = "GlobalMaxPooling2D";
  static void describe(Fields<GlobalMaxPooling2D>&);
};
LayerTraits traits(const GlobalMaxPooling2D&);
Value build(const GlobalMaxPooling2D&, LayerBuilder&, Value x);

/// Means over as many windows as the output has pixels: row i is the mean of the rows floor(i * H / height) to
/// ceil((i + 1) * H / height), columns likewise. Windows differ by one in size or overlap if the sizes do not divide.
/// Input [N, H, W, C], output [N, height, width, C]. PyTorch's AdaptiveAvgPool2d.
struct AdaptiveAveragePooling2D {
  Size2D output_size = 1;
  std::string name = {};

  static constexpr std::string_view kType = "AdaptiveAveragePooling2D";
  static void describe(Fields<AdaptiveAveragePooling2D>&);
};
LayerTraits traits(const AdaptiveAveragePooling2D&);
Value build(const AdaptiveAveragePooling2D&, LayerBuilder&, Value x);

}  // namespace evenkeel
