#include "evenkeel/train/implied_loss.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/data/labels.h"
#include "evenkeel/nn/compile.h"

namespace evenkeel {
namespace {

bool are_zeros_and_ones(const Dataset& data) {
  return std::ranges::all_of(data.y().as<float>(), [](float v) { return v == 0 || v == 1; });
}

/// Whether each position of each sample has one 1 in `columns` numbers, else 0.
bool are_one_hot(const Dataset& data, std::int64_t columns) {
  const auto targets = data.y().as<float>();
  const auto row = static_cast<std::size_t>(columns);
  for (std::size_t at = 0; at + row <= targets.size(); at += row) {
    const auto of_position = targets.subspan(at, row);
    if (std::ranges::count(of_position, 1.0f) != 1 || std::ranges::count(of_position, 0.0f) != columns - 1)
      return false;
  }
  return targets.size() % row == 0;
}

}  // namespace

ImpliedLoss implied_loss(const Model& model, const Dataset& data) {
  if (!data.has_targets())
    throw Error{{.where = "data \"" + data.name() + '"', .expected = "labels or targets (y)", .received = "none"}};
  const auto output = static_cast<std::size_t>(model.output());
  const Shape shape = compile(model, {.batch_size = 1}).layer_outputs.at(output);
  const std::int64_t outputs = shape.size(), columns = shape.back();
  const ActivationFunction last = model.nodes()[output].layer.traits().activation;
  const bool sigmoid = last == ActivationFunction::sigmoid, softmax = last.is_softmax;
  const std::string by_outputs = fmt::format("{} output{}{}", outputs, outputs == 1 ? "" : "s",
                                             sigmoid   ? " of a sigmoid"
                                             : softmax ? " of a softmax"
                                                       : "");
  if (data.has_labels()) {
    if (outputs == 1 && data.classes() > 2) return {"mse", "whole numbers above 1 and " + by_outputs};
    const bool binary = sigmoid || (outputs == 1 && !softmax);
    return {binary ? "binary_crossentropy" : "sparse_categorical_crossentropy", "labels and " + by_outputs};
  }
  const bool of_samples = data.classes() > 1 && !class_labels(data).empty();
  const bool one_hot = of_samples || (outputs > columns && columns > 1 && are_one_hot(data, columns));
  if (softmax || (one_hot && !sigmoid))
    return {"categorical_crossentropy", (one_hot ? "one-hot targets and " : "targets and ") + by_outputs};
  if (sigmoid || are_zeros_and_ones(data)) return {"binary_crossentropy", "targets of 0 and 1 and " + by_outputs};
  return {"mse", "targets that are numbers and " + by_outputs};
}

}  // namespace evenkeel
