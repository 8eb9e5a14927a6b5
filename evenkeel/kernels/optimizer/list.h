#pragma once

#include <limits>
#include <vector>

#include "evenkeel/kernels/kernel.h"

// What the optimizer family computes, as plain descriptions, and which kernel does it (list.cpp). Operands and outputs
// are those of the ops of the same names (program/ops/updates.h).

namespace evenkeel::kernels {

/// A tensor's part of the block of parameters, in elements.
struct BlockPart {
  std::int64_t offset = 0, size = 0;
};

/// The index of the operand with the scales of the gradients, in every update; the operand may be absent.
inline constexpr int kGradientScales = 2;

/// What every update does to gradients and parameters in the same pass.
struct UpdateOptions {
  double weight_decay = 0;
  double clip_value = std::numeric_limits<double>::infinity();
  std::vector<BlockPart> parts = {};  ///< parts with a gradient scale each; empty: one scale for the whole block
};
struct Sgd {
  double momentum = 0;
  bool nesterov = false;
  UpdateOptions options = {};
};
struct Adam {
  double beta_1 = 0, beta_2 = 0, epsilon = 0;
  UpdateOptions options = {};
};
struct ClipNorm {
  double limit = 0;
  std::vector<BlockPart> parts = {};
};
struct MovingAverage {
  double momentum = 0;
};
Kernel choose(const Sgd&, const KernelRequest&);
Kernel choose(const Adam&, const KernelRequest&);
Kernel choose(const ClipNorm&, const KernelRequest&);
Kernel choose(const MovingAverage&, const KernelRequest&);

}  // namespace evenkeel::kernels
