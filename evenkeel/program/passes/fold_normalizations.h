#pragma once

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// Makes each normalization by statistics that do not depend on x a part of the convolution before it:
/// (x * kernel + bias - mean) * scale + beta = x * (kernel * scale) + (beta + (bias - mean) * scale). The new kernel
/// and bias are lines of their own, computed from parameters and state alone. A convolution whose output is kept, or
/// read elsewhere, stays. For programs without gradients, after `specialize` and before activations are fused.
void fold_normalizations(Program& program);

}  // namespace evenkeel::passes
