#pragma once

#include <cstdint>
#include <vector>

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/elementwise/combine.h"
#include "evenkeel/kernels/kernel.h"

// What the elementwise family computes, as plain descriptions, and which kernel does it (list.cpp). Operands and
// outputs are those of the ops of the same names (program/ops/activation.h, elementwise.h, dense.h, concatenate.h,
// ...).

namespace evenkeel::kernels {

struct Activate {
  Activation f = Activation::linear;
};
struct ActivateGradient {
  Activation f = Activation::linear;
};
struct Softmax {
  bool is_log = false;
};
struct SoftmaxGradient {
  bool is_log = false;
};
Kernel choose(const Activate&, const KernelRequest&);
Kernel choose(const ActivateGradient&, const KernelRequest&);
Kernel choose(const Softmax&, const KernelRequest&);
Kernel choose(const SoftmaxGradient&, const KernelRequest&);

struct Add {
  Activation f = Activation::linear;
};
struct Subtract {};
struct Multiply {};
struct ScaleOffset {
  double scale = 1, offset = 0;
  bool narrows = false;  ///< float operands, a bfloat16 output
};
struct Rsqrt {
  double epsilon = 0;
};
struct AddBias {
  Activation f = Activation::linear;
};
struct AddBiasGradient {
  Activation f = Activation::linear;
};
Kernel choose(const Add&, const KernelRequest&);
Kernel choose(const Subtract&, const KernelRequest&);
Kernel choose(const Multiply&, const KernelRequest&);
Kernel choose(const ScaleOffset&, const KernelRequest&);
Kernel choose(const Rsqrt&, const KernelRequest&);
Kernel choose(const AddBias&, const KernelRequest&);
Kernel choose(const AddBiasGradient&, const KernelRequest&);

// Two operands, of which the second may be repeated along adjacent axes.
struct Combine {
  Combination how = Combination::sum;
  Repetition over;
};
struct CombineGradient {
  Combination how = Combination::sum;
  Repetition over;
};
struct Repeat {
  Repetition over;
};
struct RepeatGradient {
  Repetition over;
};
Kernel choose(const Combine&, const KernelRequest&);
Kernel choose(const CombineGradient&, const KernelRequest&);
Kernel choose(const Repeat&, const KernelRequest&);
Kernel choose(const RepeatGradient&, const KernelRequest&);

// Moves of elements.
struct Cast {};
struct Copy {};
struct Fill {
  double value = 0;
};
struct Constant {
  std::vector<double> values;
};
struct Concatenate {
  int inputs = 0;
};
struct SliceChannels {
  std::int64_t begin = 0;
};
struct Permute {
  Shape shape;  ///< of x
  std::vector<int> order;
};
Kernel choose(const Cast&, const KernelRequest&);
Kernel choose(const Copy&, const KernelRequest&);
Kernel choose(const Fill&, const KernelRequest&);
Kernel choose(const Constant&, const KernelRequest&);
Kernel choose(const Concatenate&, const KernelRequest&);
Kernel choose(const SliceChannels&, const KernelRequest&);
Kernel choose(const Permute&, const KernelRequest&);

}  // namespace evenkeel::kernels
