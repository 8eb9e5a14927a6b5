#pragma once

// The instruction sets that kernels are compiled for: AVX-512 (F, VL, DQ, BW), AVX2 with FMA, and SSSE3 for all else.
// The program chooses when it runs. Three targets instead of Highway's six halve the time to compile. Include this
// before any of Highway's headers.

#if defined(__x86_64__)
#define HWY_BASELINE_TARGETS HWY_SSSE3
#define HWY_DISABLED_TARGETS (~(HWY_SSSE3 | HWY_AVX2 | HWY_AVX3))
#endif
