#pragma once

#include <cstdint>

#include "evenkeel/nn/compile.h"

namespace evenkeel {

/// From so many floating-point operations of one sample on, a network is large: two cores need ten seconds and more for
/// a pass of a thousand samples. The doctor then looks at fewer shufflings and samples where few are enough, and tries
/// fewer pairs of hypotheses. ResNet-18 at 224x224 has 3.6e9.
inline constexpr double kLargeFlops = 1e9;

/// What the values of a batch may take where nothing else is said.
inline constexpr std::int64_t kBatchBytes = std::int64_t{512} << 20;

/// `most`, or half, a quarter, ... of it: the largest batch whose values take at most so many bytes, but at least 1.
std::int64_t batch_that_fits(const Model& model, CompileOptions options, std::int64_t most, std::int64_t bytes);

/// Floating-point operations of the convolutions and products that one sample takes.
double flops_of_sample(const Model& model);

}  // namespace evenkeel
