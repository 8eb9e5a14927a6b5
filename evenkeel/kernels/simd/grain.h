#pragma once

#include <cstdint>

namespace evenkeel::kernels {

/// A thread gets at least so many elements, because to wake it costs as much as some ten thousand of them.
inline constexpr std::int64_t kGrain = 16384;

/// How many items of `elements` each make a grain.
inline constexpr std::int64_t grain_of(std::int64_t elements) { return kGrain / (elements > 0 ? elements : 1) + 1; }

/// `numbers` rounded up to whole cache lines, for numbers of 4 bytes or more.
inline constexpr std::int64_t whole_lines(std::int64_t numbers) { return (numbers + 15) / 16 * 16; }

}  // namespace evenkeel::kernels
