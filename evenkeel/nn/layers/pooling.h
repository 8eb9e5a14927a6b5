#pragma once

#include <optional>
#include <string>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

/// Maximum over windows. Input [N, H, W, C], output [N, H', W', C]. Keras's MaxPooling2D.
struct MaxPooling2D {
  Size2D pool_size = 2;
  std::optional<Size2D> strides = {};  ///< default: the pool size
  Padding padding = Padding::valid;
  std::string name = {};

  static constexpr std::string_view kType = "MaxPooling2D";
  static void describe(Fields<MaxPooling2D>&);
};
LayerTraits traits(const MaxPooling2D&);
Value build(const MaxPooling2D&, LayerBuilder&, Value x);

/// Mean over windows; padding is not counted. Input [N, H, W, C], output [N, H', W', C]. Keras's AveragePooling2D.
struct AveragePooling2D {
  Size2D pool_size = 2;
  std::optional<Size2D> strides = {};  ///< default: the pool size
  Padding padding = Padding::valid;
  std::string name = {};

  static constexpr std::string_view kType = "AveragePooling2D";
  static void describe(Fields<AveragePooling2D>&);
};
LayerTraits traits(const AveragePooling2D&);
Value build(const AveragePooling2D&, LayerBuilder&, Value x);

/// Mean over height and width. Input [N, H, W, C], output [N, C]. Keras's GlobalAveragePooling2D.
struct GlobalAveragePooling2D {
  std::string name = {};

  static constexpr std::string_view kType = "GlobalAveragePooling2D";
  static void describe(Fields<GlobalAveragePooling2D>&);
};
LayerTraits traits(const GlobalAveragePooling2D&);
Value build(const GlobalAveragePooling2D&, LayerBuilder&, Value x);

}  // namespace evenkeel
