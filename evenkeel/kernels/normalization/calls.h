#pragma once

#include "evenkeel/kernels/normalization/list.h"

// How the normalization family's tasks are put together of its passes over memory, for a call: what is per channel is
// computed around them, and groups of rows are taken one by one. For T float and bfloat16 by the fast passes, for
// double by the reference's.

namespace evenkeel::kernels {

template <class T>
void run(const Moments& task, const KernelCall& call, T);
template <class T>
void run(const MomentsGradient& task, const KernelCall& call, T);
template <class T>
void run(const Normalize& task, const KernelCall& call, T);
template <class T>
void run(const NormalizeSums& task, const KernelCall& call, T);
template <class T>
void run(const NormalizeDataGradient& task, const KernelCall& call, T);
template <class T>
void run(const GroupNorm& task, const KernelCall& call, T);
template <class T>
void run(const GroupNormGradient& task, const KernelCall& call, T);

}  // namespace evenkeel::kernels
