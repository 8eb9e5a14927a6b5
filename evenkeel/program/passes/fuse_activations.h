#pragma once

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// Folds an activation into the op before it (convolution, normalization) where that op can and nobody else reads the
/// value between them. Runs before differentiation: the fused op has a gradient rule of its own. A value that is kept
/// or probed stays.
void fuse_activations(Program& program);

}  // namespace evenkeel::passes
