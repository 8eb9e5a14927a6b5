#pragma once

#include <string>
#include <vector>

namespace evenkeel {

/// The cases of tests/golden: what Keras computed (tools/golden/README.md).
std::vector<std::string> golden_cases();

/// The optimizer that a case trains with, by its name in files.
std::string golden_optimizer(const std::string& name);

/// Holds a case to what Keras computed, with a Trainer as users have it. Relative distance in the L2 norm: 1e-5 for
/// outputs, losses, accuracy and gradients, 1e-4 for weights, their averages and outputs after five steps. `fuse`: with
/// activations fused.
void check_golden(const std::string& name, bool fuse);

}  // namespace evenkeel
