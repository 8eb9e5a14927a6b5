#pragma once

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// Makes the addition of a convolution's output to another value, such as the shortcut of a residual block, a part of
/// the convolution, if nobody else reads that output. For programs without gradients, after activations are fused.
void fold_additions(Program& program);

}  // namespace evenkeel::passes
