#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/nn/losses.h"
#include "evenkeel/nn/model.h"
#include "evenkeel/train/optimizers.h"

namespace evenkeel {

/// A training step on which speed is measured: the networks of three studies with their settings.
struct Workload {
  std::string name;         ///< "W1"
  std::string description;  ///< "placement, batch normalization before the activation"
  Model model;
  Loss loss;
  Optimizer optimizer;
  std::int64_t batch_size = 0;
};

/// "W1", "W2", "W3"
std::vector<std::string> workload_names();
/// Throws Error with the known names.
Workload workload_named(const std::string& name);

}  // namespace evenkeel
