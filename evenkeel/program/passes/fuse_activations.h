#pragma once

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// Folds an activation into the op before it (convolution, normalization) if that op can have one and nobody else reads
/// the value between them. A value that is kept or probed stays. Runs before differentiation, because the fused op has
/// its own gradient rule. If the program will be differentiated, an activation that is not monotone stays a line of its
/// own where that rule would lack its input.
void fuse_activations(Program& program, bool differentiated = true);

}  // namespace evenkeel::passes
