#pragma once

#include <string>
#include <string_view>

namespace evenkeel {

/// What this machine's processor is and can do, as far as a kernel's choice depends on it.
struct Machine {
  std::string cpu;  ///< the processor's own name
  int cores = 1;    ///< cores this process may use
  bool avx2 = false;
  bool avx512 = false;            ///< F, BW, DQ and VL
  bool avx512_in_halves = false;  ///< whether it computes them in two halves, no faster in floats than AVX2 (Zen 4)
  bool avx512_bf16 = false;       ///< bfloat16 dot products
  bool fast_dots =
      false;  ///< whether those are faster than float multiply-adds: on AMD twice as fast, on Intel half as fast
  bool amx_bf16 = false;  ///< bfloat16 tiles
  bool limited = false;   ///< EVENKEEL_ISA or limited_to() hides wider instruction sets

  /// Whether it multiplies bfloat16 at all.
  bool has_bfloat16() const { return avx512_bf16 || amx_bf16; }
  /// Whether it multiplies bfloat16 faster than floats.
  bool is_faster_in_bfloat16() const { return amx_bf16 || (avx512_bf16 && fast_dots); }

  /// Read once from the processor. The environment variable EVENKEEL_ISA limits it to an instruction set: no kernel of
  /// this process uses a wider one. Throws Error if the processor does not have the set that EVENKEEL_ISA names.
  static const Machine& here();
  /// The same machine without instruction sets wider than `isa`, one of sse4, avx2, avx512, avx512_bf16, amx; each
  /// includes those before it. If the machine lacks `isa`, throws Error, which lists the sets it has.
  Machine limited_to(std::string_view isa) const;
  /// "AVX-512, AVX-512 BF16, AMX"
  std::string features() const;
};

}  // namespace evenkeel
