#pragma once

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// All passes that make one line of several, in their order. Runs before differentiation.
void fuse(Program& program);

}  // namespace evenkeel::passes
