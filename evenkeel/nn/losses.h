#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "evenkeel/config/choice.h"

namespace evenkeel {

class Program;
class Value;

// Losses are computed from logits [N, K] or, with a loss for every position of a sample, [N, ..., K]. Each accepts
// integer labels [N] and targets [N, K]; for positions targets [N, positions * K], and a sample's loss is their mean.

/// How scores are computed from logits. `outputs`: they are the outputs themselves, numbers that are compared with the
/// targets; then no prediction is right or wrong.
enum class Scores { outputs, softmax, sigmoid };

/// What a target t becomes: scale * t + offset.
struct Smoothing {
  double scale = 1, offset = 0;
};

/// -sum t log softmax(z). Keras: sparse_categorical_crossentropy, categorical_crossentropy.
struct SoftmaxCrossEntropy {
  double label_smoothing = 0;  ///< s: targets become t (1 - s) + s / K, in training and in evaluation

  static constexpr std::string_view kType = "sparse_categorical_crossentropy";
  static constexpr Scores kScores = Scores::softmax;
  static std::vector<std::pair<std::string, SoftmaxCrossEntropy>> presets() {
    return {{"categorical_crossentropy", {}}};
  }
  static void describe(Fields<SoftmaxCrossEntropy>&);
  Smoothing smoothing(std::int64_t outputs) const;
  bool operator==(const SoftmaxCrossEntropy&) const = default;
};
/// Mean over the K outputs of the cross-entropy of sigmoid(z). Keras: binary_crossentropy.
struct SigmoidCrossEntropy {
  double label_smoothing = 0;  ///< s: targets become t (1 - s) + s / 2, in training and in evaluation

  static constexpr std::string_view kType = "binary_crossentropy";
  static constexpr Scores kScores = Scores::sigmoid;
  static void describe(Fields<SigmoidCrossEntropy>&);
  Smoothing smoothing(std::int64_t outputs) const;
  bool operator==(const SigmoidCrossEntropy&) const = default;
};
/// Mean over the K outputs of (z - t)^2. Keras: mse.
struct MeanSquaredError {
  static constexpr std::string_view kType = "mse";
  static constexpr Scores kScores = Scores::outputs;
  static std::vector<std::pair<std::string, MeanSquaredError>> presets() { return {{"mean_squared_error", {}}}; }
  static void describe(Fields<MeanSquaredError>&) {}
  Smoothing smoothing(std::int64_t) const { return {}; }
  bool operator==(const MeanSquaredError&) const = default;
};

/// All losses. Files, flags and help texts use this list.
using Loss = std::variant<  //
    SoftmaxCrossEntropy,    //
    SigmoidCrossEntropy,    //
    MeanSquaredError>;

/// All names of losses that are accepted; they are Keras's.
std::vector<std::string> loss_names();
/// The loss of that name, with its defaults. Throws Error, which lists the known names.
Loss loss_named(const std::string& name);

Scores scores_of(const Loss& loss);
/// The smoothing of a loss over K outputs.
Smoothing smoothing_of(const Loss& loss, std::int64_t outputs);
/// Outputs [N, ..., K], or targets [N, positions * K], as a row for each position: [N * positions, K]. [N, K] as it is.
Value by_position(Program& program, Value x, std::int64_t outputs);
/// What was computed for each position, [N * positions], as the means of the N samples. [N] as it is.
Value of_samples(Program& program, Value x, std::int64_t samples);
/// The loss of each row [N], from logits and targets [N, K].
Value emit_loss(const Loss& loss, Program& program, Value logits, Value targets);

}  // namespace evenkeel
