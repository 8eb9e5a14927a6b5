#pragma once

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// Folds a max pooling whose windows do not overlap into the batch normalization before it (ops/normalize.h),
/// where nobody else reads the value between them. Runs before differentiation. A value that is kept or probed stays.
void fuse_pooling(Program& program);

/// Folds each monotone activation into the max pooling that alone reads it, which computes it after pooling: the result
/// is the same, and there are fewer values. For programs without gradients.
void pool_before_activations(Program& program);

}  // namespace evenkeel::passes
