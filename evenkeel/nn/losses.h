#pragma once

#include <string>
#include <variant>
#include <vector>

namespace evenkeel {

// Losses are computed from logits. Each takes integer labels [N] and targets [N, K] alike.

/// -sum t log softmax(z). Keras: sparse_categorical_crossentropy, categorical_crossentropy.
struct SoftmaxCrossEntropy {
  bool operator==(const SoftmaxCrossEntropy&) const = default;
};
/// Mean over the K outputs of the cross-entropy of sigmoid(z). Keras: binary_crossentropy.
struct SigmoidCrossEntropy {
  bool operator==(const SigmoidCrossEntropy&) const = default;
};
/// Mean over the K outputs of (z - t)^2. Keras: mse.
struct MeanSquaredError {
  bool operator==(const MeanSquaredError&) const = default;
};

using Loss = std::variant<SoftmaxCrossEntropy, SigmoidCrossEntropy, MeanSquaredError>;

/// Keras's names, every one that is understood.
const std::vector<std::string>& loss_names();
/// Throws Error with the known names.
Loss loss_named(const std::string& name);
/// "sparse_categorical_crossentropy", "binary_crossentropy", "mse"
std::string name_of(const Loss& loss);

}  // namespace evenkeel
