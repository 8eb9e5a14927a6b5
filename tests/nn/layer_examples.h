#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evenkeel/nn/model.h"
#include "evenkeel/nn/registry.h"
#include "tests/support/layer_check.h"
#include "tests/support/program_check.h"
#include "tests/support/testing.h"

// Every registered layer, with each of its fields at several values: what traits are held to. A new layer is tried
// without a line here, unless its fields need values of their own.

namespace evenkeel {

using Numbers = std::vector<double>;

inline constexpr LayerMode kTraining{};
inline const LayerMode kEvaluation = LayerMode::of(Mode::evaluate);

/// A layer, and inputs that it builds on.
struct Example {
  Layer layer;
  std::vector<Shape> inputs;
  std::vector<WeightInfo> weights = {};
  Shape output = {};
  bool emits_noise = false;

  LayerTraits traits() const { return layer.traits(); }
  bool merges() const { return inputs.size() > 1; }
  std::size_t channels() const { return static_cast<std::size_t>(inputs[0].back()); }  ///< of the input
  std::size_t outputs() const { return static_cast<std::size_t>(output.back()); }      ///< channels of the output
  std::string text() const;
  std::optional<FieldValue> field(const std::string& name) const;

  Trial trial() const { return Trial(subject_of(layer, inputs)); }
  /// The numbers that a trial begins with.
  Numbers x() const;
  /// What evaluation makes of them, or of others.
  Numbers y() const;
  Numbers y_of(const Numbers& x) const;
  /// The same layer without its activation.
  Example before_activation() const;
};

/// Of one type; empty where its fields need values that are not known.
std::vector<Example> examples_of(const LayerType& type);
/// Of all types.
const std::vector<Example>& examples();

/// Checks those for which `holds`; returns how many they are.
template <class Holds, class Check>
int for_each_example(Holds holds, Check check) {
  int checked = 0;
  for (const Example& example : examples()) {
    if (!holds(example)) continue;
    SCOPED_TRACE(example.text());
    check(example);
    ++checked;
  }
  return checked;
}

/// A model of the example's layer alone, with the inputs "x0", "x1", ...
Model model_of(const Example& example);

}  // namespace evenkeel
