#pragma once

#include <span>
#include <string>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

/// The sum of two or more inputs of one shape. Keras's Add.
struct Add {
  std::string name = {};

  static constexpr std::string_view kType = "Add";
  static void describe(Fields<Add>&);
};
LayerTraits traits(const Add&);
Value build(const Add&, LayerBuilder&, std::span<const Value> inputs);

/// Two or more inputs side by side along the last axis (channels). Keras's Concatenate.
struct Concatenate {
  std::int64_t axis = -1;  ///< only the last axis is supported
  std::string name = {};

  static constexpr std::string_view kType = "Concatenate";
  static void describe(Fields<Concatenate>&);
};
LayerTraits traits(const Concatenate&);
Value build(const Concatenate&, LayerBuilder&, std::span<const Value> inputs);

}  // namespace evenkeel
