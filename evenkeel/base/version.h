#pragma once

namespace evenkeel {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace evenkeel
