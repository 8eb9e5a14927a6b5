#pragma once

#include <string>
#include <string_view>

namespace evenkeel {

/// What this machine's processor is and can do, as far as a kernel's choice depends on it.
struct Machine {
  std::string cpu;  ///< the processor's own name
  int cores = 1;    ///< cores this process may use
  bool avx2 = false;
  bool avx512 = false;       ///< F, BW, DQ and VL
  bool avx512_bf16 = false;  ///< bfloat16 dot products
  bool fast_dots = false;    ///< these are faster than float multiply-adds: AMD's by two; Intel's take twice as long
  bool amx_bf16 = false;     ///< bfloat16 tiles
  bool limited = false;      ///< the processor may have more than that

  /// Whether it multiplies bfloat16 at all.
  bool has_bfloat16() const { return avx512_bf16 || amx_bf16; }
  /// Whether it multiplies bfloat16 faster than floats.
  bool is_faster_in_bfloat16() const { return amx_bf16 || (avx512_bf16 && fast_dots); }

  /// Read once from the processor, and limited to the instruction set that the environment's EVENKEEL_ISA names: no
  /// kernel of this process uses a wider one. Throws Error where EVENKEEL_ISA is none of this processor's.
  static const Machine& here();
  /// The same machine without what is wider than `isa`: sse4, avx2, avx512, avx512_bf16, amx, each with those before
  /// it. Throws Error, which lists those it has, where it has no such set.
  Machine limited_to(std::string_view isa) const;
  /// "AVX-512, AVX-512 BF16, AMX"
  std::string features() const;
};

}  // namespace evenkeel
