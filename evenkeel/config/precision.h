#pragma once

#include <string_view>

#include "evenkeel/base/cpu.h"

namespace evenkeel {

/// The type of activations and their gradients. Parameters, their gradients, optimizer slots, statistics, losses, sums
/// and outputs are float32 in both; docs/precision.md.
enum class Precision { float32, bfloat16 };

std::string_view name_of(Precision precision);  ///< "bfloat16"

/// Checks that the machine has instructions for the precision; without them a program would be slower than in float32.
/// Throws Error, which names the alternatives, if not; with `force` never.
void check_precision(Precision precision, const Machine& machine, bool force);

}  // namespace evenkeel
