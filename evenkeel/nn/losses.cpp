#include "evenkeel/nn/losses.h"

#include <algorithm>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

/// The first name of each loss is the one it is written with.
const std::vector<std::pair<std::string, Loss>>& table() {
  static const std::vector<std::pair<std::string, Loss>> losses = {
      {"sparse_categorical_crossentropy", SoftmaxCrossEntropy{}},
      {"categorical_crossentropy", SoftmaxCrossEntropy{}},
      {"binary_crossentropy", SigmoidCrossEntropy{}},
      {"mse", MeanSquaredError{}},
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
  return std::ranges::find_if(table(), [&](const auto& entry) { return entry.second == loss; })->first;
}

}  // namespace evenkeel
