#pragma once

#include <cstddef>
#include <cstdint>

/// How large, deep and long may be what files and users give (docs/limits.md). At a limit there is an Error that says
/// it; below it, cost grows in proportion.
namespace evenkeel::limits {

inline constexpr std::size_t kNesting = 64;      ///< levels of TOML and JSON inside each other
inline constexpr std::size_t kNameBytes = 1000;  ///< of a model, a layer, a class
inline constexpr std::size_t kModelFileBytes = std::size_t{64} << 20;
inline constexpr std::size_t kTensorNameBytes = 4096;
inline constexpr std::size_t kLayers = 100'000;                ///< of a model
inline constexpr std::size_t kInputs = 256;                    ///< of a model; and its outputs
inline constexpr std::int64_t kSteps = std::int64_t{1} << 53;  ///< of a run; a double counts them exactly until here
inline constexpr std::size_t kMessageBytes = 4000;             ///< of each part of an Error's message

}  // namespace evenkeel::limits
