#pragma once

#include "evenkeel/kernels/normalization/list.h"

// The tasks of the normalization family, made of its passes over memory. What is computed per channel is computed
// around them, and groups of rows are taken one by one. T float and bfloat16 use the fast passes, double those of the
// reference.

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
