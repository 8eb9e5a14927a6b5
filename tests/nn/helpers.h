#pragma once

#include "tests/support/testing.h"

namespace evenkeel {

inline std::filesystem::path source_file(const std::string& path) {
  return std::filesystem::path(EVENKEEL_SOURCE_DIR) / path;
}

}  // namespace evenkeel
