#pragma once

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// Folds a max pooling whose windows do not overlap into the batch normalization before it (ops/normalize.h),
/// where nobody else reads the value between them. Runs before differentiation. A value that is kept or probed stays.
void fuse_pooling(Program& program);

/// Puts each max pooling before the monotone activation whose output it alone reads: the result is the same, and the
/// activation is computed for fewer values. For programs without gradients.
void pool_before_activations(Program& program);

}  // namespace evenkeel::passes
