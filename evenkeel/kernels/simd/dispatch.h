#pragma once

#include <cstddef>
#include <cstdint>

#include "evenkeel/kernels/simd/targets.h"
#include "evenkeel/tensor/bfloat16.h"
#include "hwy/highway.h"

// In place of HWY_EXPORT and HWY_DYNAMIC_DISPATCH, which know neither function templates nor EVENKEEL_ISA. To be
// included after foreach_target.h, as vector-inl.h does.

namespace evenkeel::kernels {

/// Highway's targets that the kernels are compiled for and Machine::here() has.
std::int64_t targets_here();

/// Of these the one that runs, the widest. Not Highway's own choice, which hwy::SupportedTargets() sets anew to the
/// widest of the processor whoever calls it. Tests set it to others.
hwy::ChosenTarget& chosen_target();

template <class Function, std::size_t n>
Function of_this_machine(Function const (&table)[n]) {
  return table[chosen_target().GetIndex() - 1];  // Highway's own tables have an entry before
}

}  // namespace evenkeel::kernels

/// EVENKEEL_DISPATCH(activate<T>)(f, x, y, threads) calls the one compiled for this machine's instruction set.
#define EVENKEEL_DISPATCH(function)                                                                         \
  ([] {                                                                                                     \
    static constexpr decltype(&HWY_STATIC_DISPATCH(function)) kTable[] = {HWY_CHOOSE_TARGET_LIST(function), \
                                                                          HWY_CHOOSE_FALLBACK(function)};   \
    return of_this_machine(kTable);                                                                         \
  }())

/// Defines a kernel of namespace kernels for the element types that activations have.
#define EVENKEEL_FOR_ELEMENTS(kernel)             \
  template decltype(kernel<float>) kernel<float>; \
  template decltype(kernel<bfloat16>) kernel<bfloat16>
