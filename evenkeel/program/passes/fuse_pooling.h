#pragma once

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// Folds a max pooling whose windows do not overlap into the batch normalization before it (ops/normalize.h),
/// where nobody else reads the value between them. Runs before differentiation. A value that is kept or probed stays.
void fuse_pooling(Program& program);

}  // namespace evenkeel::passes
