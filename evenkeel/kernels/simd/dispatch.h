#pragma once

#include <cstddef>
#include <cstdint>

#include "evenkeel/kernels/simd/targets.h"
#include "evenkeel/tensor/bfloat16.h"
#include "hwy/highway.h"

// Replaces HWY_EXPORT and HWY_DYNAMIC_DISPATCH, which support neither function templates nor EVENKEEL_ISA. Include it
// after foreach_target.h, as vector-inl.h does.

namespace evenkeel::kernels {

/// Those of Highway's targets that the kernels are compiled for and that Machine::here() has.
std::int64_t targets_here();

/// The one of these that runs: the widest, unless a test sets another. Highway's own choice cannot be used, because
/// every call of hwy::SupportedTargets() sets it to the widest of the processor again.
hwy::ChosenTarget& chosen_target();

template <class Function, std::size_t n>
Function of_this_machine(Function const (&table)[n]) {
  return table[chosen_target().GetIndex() - 1];  // Highway's own tables have one more entry, at the front
}

}  // namespace evenkeel::kernels

/// EVENKEEL_DISPATCH(activate<T>)(f, x, y, threads) calls the version compiled for this machine's instruction set.
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
