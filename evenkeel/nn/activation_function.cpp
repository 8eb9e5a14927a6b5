#include "evenkeel/nn/activation_function.h"

#include <array>

#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

// In the order of the enumeration.
const std::array<std::string, 7> kActivationNames = {"linear", "relu",    "elu",       "sigmoid",
                                                     "tanh",   "softmax", "leaky_relu"};

}  // namespace

std::string name_of(ActivationFunction f) { return kActivationNames[static_cast<std::size_t>(f)]; }

bool convert(const FieldValue& from, ActivationFunction& to) {
  const std::string* name = std::get_if<std::string>(&from);
  for (std::size_t i = 0; name && i < kActivationNames.size(); ++i) {
    if (!same_name(kActivationNames[i], *name)) continue;
    to = static_cast<ActivationFunction>(i);
    return true;
  }
  return false;
}

FieldValue field_value(ActivationFunction value) { return name_of(value); }

std::string kind_of(ActivationFunction) { return "an activation (" + join(kActivationNames) + ")"; }

std::vector<std::string> choices_of(ActivationFunction) { return {kActivationNames.begin(), kActivationNames.end()}; }

}  // namespace evenkeel
