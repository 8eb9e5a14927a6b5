#include "evenkeel/base/control_groups.h"

#include <algorithm>
#include <fstream>

#include "evenkeel/base/text.h"

namespace evenkeel {

std::vector<ControlGroup> control_groups(const std::string& controller, const std::filesystem::path& root) {
  std::vector<ControlGroup> groups;
  const std::filesystem::path mount = root / "sys/fs/cgroup";
  const auto add = [&](const std::filesystem::path& base, std::filesystem::path path, int version) {
    // Inside a container the path may be the host's. Then the mount itself is the group.
    groups.push_back({base, version});
    for (path = path.relative_path(); !path.empty(); path = path.parent_path())
      groups.push_back({base / path, version});
  };
  std::ifstream lines(root / "proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {
    // "0::/user.slice" (version 2) or "7:cpu,cpuacct:/docker/..." (version 1).
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    if (controllers.empty())
      add(mount, path, 2);
    else if (std::ranges::count(split(controllers, ','), controller) > 0)
      add(mount / controller, path, 1);
  }
  return groups;
}

}  // namespace evenkeel
