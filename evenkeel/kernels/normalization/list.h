#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/kernel.h"
#include "evenkeel/kernels/normalization/group_norm.h"
#include "evenkeel/kernels/window.h"

// What the normalization family computes, as plain descriptions, and which kernel does it (list.cpp). Operands and
// outputs are those of the ops of the same names (program/ops/statistics.h, normalize.h, scale_shift.h, group_norm.h).

namespace evenkeel::kernels {

struct Moments {
  std::int64_t rows_of_group = 0;  ///< 0: all rows
};
struct MomentsGradient {
  std::int64_t rows = 0;  ///< whose moments they are; 0: those of x
};
struct SumGroups {
  std::vector<double> weights;  ///< by group
};
struct SelectStatistics {};
struct IfBatchStatistics {};
struct InverseDeviation {
  double epsilon = 0;
};
struct UpdateStatistics {
  double momentum = 0, variance_factor = 1;
};
struct Renormalization {
  double epsilon = 0, r_max = 1, d_max = 0;
};
Kernel choose(const Moments&, const KernelRequest&);
Kernel choose(const MomentsGradient&, const KernelRequest&);
Kernel choose(const SumGroups&, const KernelRequest&);
Kernel choose(const SelectStatistics&, const KernelRequest&);
Kernel choose(const IfBatchStatistics&, const KernelRequest&);
Kernel choose(const InverseDeviation&, const KernelRequest&);
Kernel choose(const UpdateStatistics&, const KernelRequest&);
Kernel choose(const Renormalization&, const KernelRequest&);

struct Normalization {
  Activation f = Activation::linear;
  std::optional<Window> pool = {};
  std::int64_t rows_of_group = 0;  ///< 0: all rows
};
struct Normalize : Normalization {};
struct NormalizeSums : Normalization {};
struct NormalizeDataGradient : Normalization {
  std::int64_t rows = 0;  ///< that share the statistics, where x is a part of a batch; 0: those of x
};
Kernel choose(const Normalize&, const KernelRequest&);
Kernel choose(const NormalizeSums&, const KernelRequest&);
Kernel choose(const NormalizeDataGradient&, const KernelRequest&);

struct ScaleShift {};
struct ChannelSum {};
struct ChannelProduct {};
Kernel choose(const ScaleShift&, const KernelRequest&);
Kernel choose(const ChannelSum&, const KernelRequest&);
Kernel choose(const ChannelProduct&, const KernelRequest&);

struct GroupNorm {
  Grouping grouping;
  double epsilon = 0;
};
struct GroupNormGradient {
  Grouping grouping;
};
Kernel choose(const GroupNorm&, const KernelRequest&);
Kernel choose(const GroupNormGradient&, const KernelRequest&);

}  // namespace evenkeel::kernels
