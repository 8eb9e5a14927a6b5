#pragma once

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// Runs all passes that fold lines into others. Runs before differentiation. `differentiated`
/// says whether that follows (fuse_activations).
void fuse(Program& program, bool differentiated = true);

}  // namespace evenkeel::passes
