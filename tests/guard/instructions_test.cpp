#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/guard/baseline.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

// The count of one build is exact. Between minor versions of the compiler and of the C library it moves by about one
// in a hundred; a kernel that lost its vector form, or a pass over memory more, by far more than three.
constexpr double kTolerance = 0.03;

bool has_valgrind() { return std::system("valgrind --version >/dev/null 2>&1") == 0; }

/// The text after `key` in the line of a callgrind file that begins with it.
std::string line_in(const std::filesystem::path& file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(key)) return line.substr(key.size());
  return {};
}

/// Instructions by kernel, of one run of hot_kernels under callgrind. It sees the AVX2 versions: valgrind has no more.
Counts count_instructions(const std::filesystem::path& folder) {
  const std::string command = "env -u EVENKEEL_ISA OMP_NUM_THREADS=1 valgrind --tool=callgrind --callgrind-out-file=" +
                              (folder / "count").string() + " " EVENKEEL_HOT_KERNELS " >/dev/null 2>&1";
  EXPECT_EQ(std::system(command.c_str()), 0);
  Counts counts;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = line_in(entry.path(), "desc: Trigger: Client Request: ");
    if (!name.empty()) counts[name] = std::atof(line_in(entry.path(), "summary: ").c_str());
  }
  return counts;
}

TEST(Instructions, OfHotKernelsAreThoseOfTheBaseline) {
  if (!has_valgrind()) GTEST_SKIP() << "valgrind is not installed";
  if (!std::getenv("EVENKEEL_UPDATE_BASELINE") && compiler() != baseline_compiler())
    GTEST_SKIP() << "bench/baseline.json was made with " << baseline_compiler() << ", this is " << compiler();
  const TestFolder folder;
  check_baseline("instructions", count_instructions(folder.path()), kTolerance);
}

}  // namespace
}  // namespace evenkeel
