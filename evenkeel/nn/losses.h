#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "evenkeel/config/fields.h"

namespace evenkeel {

// Losses are computed from logits. Each takes integer labels [N] and targets [N, K] alike.

/// -sum t log softmax(z). Keras: sparse_categorical_crossentropy, categorical_crossentropy.
struct SoftmaxCrossEntropy {
  double label_smoothing = 0;  ///< s: targets become t (1 - s) + s / K, in training and in evaluation

  static constexpr std::string_view kType = "sparse_categorical_crossentropy";
  static void describe(Fields<SoftmaxCrossEntropy>&);
  bool operator==(const SoftmaxCrossEntropy&) const = default;
};
/// Mean over the K outputs of the cross-entropy of sigmoid(z). Keras: binary_crossentropy.
struct SigmoidCrossEntropy {
  double label_smoothing = 0;  ///< s: targets become t (1 - s) + s / 2, in training and in evaluation

  static constexpr std::string_view kType = "binary_crossentropy";
  static void describe(Fields<SigmoidCrossEntropy>&);
  bool operator==(const SigmoidCrossEntropy&) const = default;
};
/// Mean over the K outputs of (z - t)^2. Keras: mse.
struct MeanSquaredError {
  static constexpr std::string_view kType = "mse";
  static void describe(Fields<MeanSquaredError>&) {}
  bool operator==(const MeanSquaredError&) const = default;
};

using Loss = std::variant<SoftmaxCrossEntropy, SigmoidCrossEntropy, MeanSquaredError>;

/// Keras's names, every one that is understood.
const std::vector<std::string>& loss_names();
/// With defaults. Throws Error with the known names.
Loss loss_named(const std::string& name);
/// "sparse_categorical_crossentropy", "binary_crossentropy", "mse"
std::string name_of(const Loss& loss);

/// What a target t becomes: scale * t + offset.
struct Smoothing {
  double scale = 1, offset = 0;
};
/// Of a loss over K outputs.
Smoothing smoothing_of(const Loss& loss, std::int64_t outputs);

}  // namespace evenkeel
