#pragma once

#include <vector>

#include "evenkeel/kernels/kernel.h"

// What the loss family computes, as plain descriptions, and which kernel does it (list.cpp). Operands and outputs are
// those of the ops of the same names (program/ops/losses.h, regularization.h).

namespace evenkeel::kernels {

enum class LossKind { softmax_cross_entropy, sigmoid_cross_entropy, squared_error };

struct Loss {
  LossKind kind = LossKind::softmax_cross_entropy;
};
struct LossGradient {
  LossKind kind = LossKind::softmax_cross_entropy;
};
struct OneHot {};
struct ClassWeights {
  std::vector<double> weights;
};
struct Correct {
  double threshold = 0;
};
Kernel choose(const Loss&, const KernelRequest&);
Kernel choose(const LossGradient&, const KernelRequest&);
Kernel choose(const OneHot&, const KernelRequest&);
Kernel choose(const ClassWeights&, const KernelRequest&);
Kernel choose(const Correct&, const KernelRequest&);

struct AddL2Penalty {
  std::vector<double> factors;
};
struct L2PenaltyGradient {
  double factor = 0;
};
Kernel choose(const AddL2Penalty&, const KernelRequest&);
Kernel choose(const L2PenaltyGradient&, const KernelRequest&);

}  // namespace evenkeel::kernels
