#include "evenkeel/nn/losses.h"

#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"

namespace evenkeel {

void SoftmaxCrossEntropy::describe(Fields<SoftmaxCrossEntropy>& fields) {
  fields.add("label_smoothing", &SoftmaxCrossEntropy::label_smoothing, "part of a target shared by all classes", kUnit);
}

void SigmoidCrossEntropy::describe(Fields<SigmoidCrossEntropy>& fields) {
  fields.add("label_smoothing", &SigmoidCrossEntropy::label_smoothing, "how far targets go towards 1/2", kUnit);
}

namespace {

/// Keras's names and their losses.
const std::vector<std::pair<std::string, Loss>>& table() {
  static const std::vector<std::pair<std::string, Loss>> losses = {
      {std::string(SoftmaxCrossEntropy::kType), SoftmaxCrossEntropy{}},
      {"categorical_crossentropy", SoftmaxCrossEntropy{}},
      {std::string(SigmoidCrossEntropy::kType), SigmoidCrossEntropy{}},
      {std::string(MeanSquaredError::kType), MeanSquaredError{}},
      {"mean_squared_error", MeanSquaredError{}},
  };
  return losses;
}

}  // namespace

const std::vector<std::string>& loss_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> made;
    for (const auto& [name, loss] : table()) made.push_back(name);
    return made;
  }();
  return names;
}

Loss loss_named(const std::string& name) {
  for (const auto& [known, loss] : table())
    if (known == name) return loss;
  const std::string near = nearest(name, loss_names());
  throw Error{{.where = "loss",
               .expected = "one of " + join(loss_names()),
               .received = '"' + name + '"',
               .hint = near.empty() ? "" : "Did you mean \"" + near + "\"?"}};
}

std::string name_of(const Loss& loss) {
  return std::visit([]<class T>(const T&) { return std::string(T::kType); }, loss);
}

Smoothing smoothing_of(const Loss& loss, std::int64_t outputs) {
  if (const auto* softmax = std::get_if<SoftmaxCrossEntropy>(&loss))
    return {1 - softmax->label_smoothing, softmax->label_smoothing / static_cast<double>(outputs)};
  if (const auto* sigmoid = std::get_if<SigmoidCrossEntropy>(&loss))
    return {1 - sigmoid->label_smoothing, sigmoid->label_smoothing / 2};
  return {};
}

}  // namespace evenkeel
