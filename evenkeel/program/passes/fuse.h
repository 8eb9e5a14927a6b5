#pragma once

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// Runs all passes that fold lines into others. Runs before differentiation.
void fuse(Program& program);

}  // namespace evenkeel::passes
