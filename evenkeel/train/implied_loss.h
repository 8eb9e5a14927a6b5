#pragma once

#include <string>

#include "evenkeel/data/dataset.h"
#include "evenkeel/nn/losses.h"
#include "evenkeel/nn/model.h"

namespace evenkeel {

struct ImpliedLoss {
  std::string name;     ///< Keras's
  std::string because;  ///< "labels and 10 outputs"
};

/// The loss that a model's outputs and a set's targets imply: of labels the cross-entropy of a softmax, with one output
/// or a final sigmoid that of sigmoids; of one-hot rows and of zeros and ones the same; of other numbers mse. Throws
/// Error where the set has no targets.
ImpliedLoss implied_loss(const Model& model, const Dataset& data);

}  // namespace evenkeel
