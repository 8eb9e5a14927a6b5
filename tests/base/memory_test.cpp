#include "evenkeel/base/memory.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/testing.h"

namespace evenkeel {
namespace {

/// A root folder with what a system says of its memory.
class SystemMemory : public testing::Test {
 protected:
  SystemMemory() { write("proc/meminfo", "MemTotal:       8000 kB\nMemAvailable:   4000 kB\n"); }

  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  std::int64_t available() const { return available_memory(root_.path()); }

 private:
  TestFolder root_;
};

TEST_F(SystemMemory, IsWhatTheSystemHasLeft) { EXPECT_EQ(available(), 4000 * 1024); }

TEST_F(SystemMemory, IsWhatTheControlGroupLeavesWhereThatIsLess) {
  write("proc/self/cgroup", "0::/job\n");
  write("sys/fs/cgroup/job/memory.max", "3000000\n");
  write("sys/fs/cgroup/job/memory.current", "1000000\n");
  EXPECT_EQ(available(), 2000000);
}

TEST_F(SystemMemory, IsWhatTheLimitOnTheAddressSpaceLeavesWhereThatIsLess) {
  write("proc/self/status", "Name:\tevenkeel\nVmSize:\t    1000 kB\n");
  write("proc/self/limits", "Max address space         2000000              unlimited            bytes     \n");
  EXPECT_EQ(available(), 2000000 - 1000 * 1024);
  write("proc/self/limits", "Max address space         1000               unlimited            bytes     \n");
  EXPECT_EQ(available(), 0);
  write("proc/self/limits", "Max address space         unlimited            unlimited            bytes     \n");
  EXPECT_EQ(available(), 4000 * 1024);
}

TEST_F(SystemMemory, CountsFilesThatTheKernelDropsFirstAsFree) {
  write("proc/self/cgroup", "0::/job\n");
  write("sys/fs/cgroup/job/memory.max", "3000000\n");
  write("sys/fs/cgroup/job/memory.current", "1000000\n");
  write("sys/fs/cgroup/job/memory.stat", "anon 500000\ninactive_file 400000\n");
  EXPECT_EQ(available(), 2400000);
}

TEST_F(SystemMemory, IsBoundByTheGroupsAround) {
  write("proc/self/cgroup", "0::/outer/inner\n");
  write("sys/fs/cgroup/outer/inner/memory.max", "max\n");
  write("sys/fs/cgroup/outer/inner/memory.current", "5\n");
  write("sys/fs/cgroup/outer/memory.max", "1000\n");
  write("sys/fs/cgroup/outer/memory.current", "5\n");
  EXPECT_EQ(available(), 995);
}

TEST_F(SystemMemory, KnowsTheFirstVersionOfControlGroups) {
  write("proc/self/cgroup", "9:cpu:/job\n7:memory:/job\n");
  write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "3000\n");
  write("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "1000\n");
  EXPECT_EQ(available(), 2000);
}

TEST_F(SystemMemory, HasNothingLeftWhereAGroupIsAboveItsLimit) {
  write("proc/self/cgroup", "0::/job\n");
  write("sys/fs/cgroup/job/memory.max", "1000\n");
  write("sys/fs/cgroup/job/memory.current", "2000\n");
  EXPECT_EQ(available(), 0);
}

TEST(Memory, ThatNobodyLimitsIsMoreThanAnyMachineHas) {
  const TestFolder empty;
  EXPECT_GT(available_memory(empty.path()), std::int64_t{1} << 60);
}

TEST(Memory, OfThisProcessIsMoreThanAMegabyte) { EXPECT_GT(resident_memory(), 1 << 20); }

}  // namespace
}  // namespace evenkeel
