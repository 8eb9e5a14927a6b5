#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/nn/losses.h"
#include "evenkeel/nn/model.h"
#include "evenkeel/train/optimizers.h"

namespace evenkeel {

/// What speed is measured on. W1 to W3 are the networks of three studies with their settings; R18, M2 and E0 are known
/// architectures (ResNet-18, MobileNetV2 and EfficientNet-B0) on images of 224x224 pixels.
struct Workload {
  std::string name;         ///< "W1"
  std::string description;  ///< "placement, batch normalization before the activation"
  Model model;
  Loss loss;
  Optimizer optimizer;
  std::int64_t batch_size = 0;
};

/// "W1", "W2", "W3", "R18", "M2", "E0"
std::vector<std::string> workload_names();
/// The first three.
std::vector<std::string> study_workload_names();
/// Throws Error with the known names.
Workload workload_named(const std::string& name);

}  // namespace evenkeel
