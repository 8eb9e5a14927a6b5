#pragma once

#include <cstdint>

namespace evenkeel::kernels {

/// A thread is woken for no fewer elements than this: waking it costs as much as some ten thousand of them.
inline constexpr std::int64_t kGrain = 16384;

/// How many items of `elements` each make a grain.
inline constexpr std::int64_t grain_of(std::int64_t elements) { return kGrain / (elements > 0 ? elements : 1) + 1; }

}  // namespace evenkeel::kernels
