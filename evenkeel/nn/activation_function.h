#pragma once

#include <string>
#include <vector>

#include "evenkeel/config/fields.h"

namespace evenkeel {

/// Keras's activations by name. softmax runs over the last axis; leaky_relu has slope 0.2 as in Keras's activation.
enum class ActivationFunction { linear, relu, elu, sigmoid, tanh, softmax, leaky_relu };

/// The activations' names without their type: after `using namespace evenkeel::activations;` one can write
/// Activation{elu}, Dense{.activation = relu}. Without it, `relu` and `tanh` are free for the user's own code.
namespace activations {
using enum ActivationFunction;
}  // namespace activations

std::string name_of(ActivationFunction f);

bool convert(const FieldValue& from, ActivationFunction& to);
FieldValue field_value(ActivationFunction value);
std::string kind_of(ActivationFunction);
std::vector<std::string> choices_of(ActivationFunction);

}  // namespace evenkeel
