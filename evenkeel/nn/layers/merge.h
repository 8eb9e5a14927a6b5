#pragma once

#include <span>
#include <string>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

// Layers with several inputs. On each axis the inputs of Add to Minimum have the same size, or 1, and then they are
// repeated along it: [N, H, W, C] goes with [N, 1, 1, C] (squeeze and excitation) and with [N, H, W, 1].

/// The sum of two or more inputs. Keras's Add.
struct Add {
  std::string name = {};

  static constexpr std::string_view kType = "Add";
  static void describe(Fields<Add>&);
};
LayerTraits traits(const Add&);
Value build(const Add&, LayerBuilder&, std::span<const Value> inputs);

/// The product of two or more inputs. Keras's Multiply.
struct Multiply {
  std::string name = {};

  static constexpr std::string_view kType = "Multiply";
  static void describe(Fields<Multiply>&);
};
LayerTraits traits(const Multiply&);
Value build(const Multiply&, LayerBuilder&, std::span<const Value> inputs);

/// The first of two inputs minus the second. Keras's Subtract.
struct Subtract {
  std::string name = {};

  static constexpr std::string_view kType = "Subtract";
  static void describe(Fields<Subtract>&);
};
LayerTraits traits(const Subtract&);
Value build(const Subtract&, LayerBuilder&, std::span<const Value> inputs);

/// The mean of two or more inputs. Keras's Average.
struct Average {
  std::string name = {};

  static constexpr std::string_view kType = "Average";
  static void describe(Fields<Average>&);
};
LayerTraits traits(const Average&);
Value build(const Average&, LayerBuilder&, std::span<const Value> inputs);

/// The largest of two or more inputs. Of equal ones the first gets the gradient, as in TensorFlow (PyTorch and JAX
/// share it). Keras's Maximum.
struct Maximum {
  std::string name = {};

  static constexpr std::string_view kType = "Maximum";
  static void describe(Fields<Maximum>&);
};
LayerTraits traits(const Maximum&);
Value build(const Maximum&, LayerBuilder&, std::span<const Value> inputs);

/// The smallest of two or more inputs. Of equal ones the first gets the gradient, as in TensorFlow. Keras's Minimum.
struct Minimum {
  std::string name = {};

  static constexpr std::string_view kType = "Minimum";
  static void describe(Fields<Minimum>&);
};
LayerTraits traits(const Minimum&);
Value build(const Minimum&, LayerBuilder&, std::span<const Value> inputs);

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
