#pragma once

#include <span>

#include "evenkeel/kernels/probe/histogram.h"

// What histogram.h promises, computed by comparing with the edges.

namespace evenkeel::kernels::reference {

void histogram(std::span<const float> x, Histogram& out);

}  // namespace evenkeel::kernels::reference
