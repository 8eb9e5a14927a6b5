#pragma once

#include <cstdint>

namespace evenkeel::kernels {

/// A thread is woken for no fewer elements than this: waking it costs as much as some ten thousand of them.
inline constexpr std::int64_t kGrain = 16384;

/// How many items of `elements` each make a grain.
inline constexpr std::int64_t grain_of(std::int64_t elements) { return kGrain / (elements > 0 ? elements : 1) + 1; }

/// So many numbers of 4 bytes or more that the next ones are on another cache line.
inline constexpr std::int64_t whole_lines(std::int64_t numbers) { return (numbers + 15) / 16 * 16; }

}  // namespace evenkeel::kernels
