#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace evenkeel {

/// A folder with the limits of a group of processes. The files' names depend on the version.
struct ControlGroup {
  std::filesystem::path folder;
  int version = 2;
};

/// The groups whose limits on "cpu" or "memory" hold for this process: its own and those around it. Where the system
/// has none: empty. `root` stands for / in tests.
std::vector<ControlGroup> control_groups(const std::string& controller, const std::filesystem::path& root = "/");

}  // namespace evenkeel
