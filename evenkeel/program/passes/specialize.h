#pragma once

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// For a program whose layers all run in one mode: leaves out lines that are idle in it, and lines that only pass an
/// input on, such as noise in evaluation.
void specialize(Program& program, const LayerMode& mode);

}  // namespace evenkeel::passes
