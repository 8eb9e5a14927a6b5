#include "evenkeel/kernels/simd/dispatch.h"

#include "evenkeel/base/cpu.h"

namespace evenkeel::kernels {

std::int64_t targets_here() {
  const Machine& machine = Machine::here();
  std::int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
#if HWY_ARCH_X86
  if (!machine.avx512) targets &= ~HWY_AVX3;
  if (!machine.avx2) targets &= ~HWY_AVX2;
#endif
  return targets;
}

hwy::ChosenTarget& chosen_target() {
  struct Widest : hwy::ChosenTarget {
    Widest() { Update(targets_here()); }
  };
  static Widest widest;
  return widest;
}

}  // namespace evenkeel::kernels
