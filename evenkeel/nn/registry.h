#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

/// A layer type, as files and documentation use it.
struct LayerType {
  struct FieldInfo {
    std::string name, help;
    std::string kind;  ///< "a whole number"
    Range range = {};  ///< of the number, or of each of a list
    std::vector<std::string> choices = {};
    FieldValue default_value;
    /// Checks a value; throws Error (where = the key) unless it fits.
    std::function<void(const FieldValue&)> check;
    bool required = false;  ///< the default is not a valid value
  };
  std::string type;   ///< "Conv2D"
  std::string about;  ///< what the layer does, in a sentence or two
  std::vector<FieldInfo> fields;
  /// Makes a layer of this type from the given fields, each of which is in `fields`; the others keep their defaults.
  /// Throws Error (where = the key) where a value does not fit.
  std::function<Layer(const std::string& name, const std::vector<std::pair<std::string, FieldValue>>& fields)> make;
};

/// Every layer type, one line each in registry.cpp.
const std::vector<LayerType>& layer_types();
/// nullptr if no layer type has that name.
const LayerType* find_layer_type(std::string_view type);

}  // namespace evenkeel
