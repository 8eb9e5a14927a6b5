#include "evenkeel/base/threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <mutex>
#include <new>
#include <tuple>
#include <vector>

#include "evenkeel/base/error.h"
#include "tests/support/testing.h"

/// LLVM's OpenMP, which clang builds with, forgets what it had allocated for a team that grows.
extern "C" const char* __lsan_default_suppressions() { return "leak:libomp.so\n"; }

namespace evenkeel {
namespace {

using Range = std::tuple<std::int64_t, std::int64_t, int>;

/// The ranges that `parallel` made, in order.
std::vector<Range> ranges_of(const Threads& threads, std::int64_t n, std::int64_t grain) {
  std::vector<Range> ranges;
  std::mutex mutex;
  threads.parallel(n, grain, [&](std::int64_t begin, std::int64_t end, int thread) {
    const std::lock_guard lock(mutex);
    ranges.emplace_back(begin, end, thread);
  });
  std::sort(ranges.begin(), ranges.end());
  return ranges;
}

/// Calls check(threads, n, grain) for many combinations.
template <class Check>
void for_many(Check check) {
  for (const int count : {1, 2, 3, 5, 8})
    for (const std::int64_t n : {0, 1, 2, 3, 7, 8, 63, 64, 65, 100, 1000, 1023})
      for (const std::int64_t grain : {1, 2, 3, 16, 64, 1000, 5000}) {
        SCOPED_TRACE(testing::Message() << count << " threads, n " << n << ", grain " << grain);
        check(Threads(count), n, grain);
      }
}

TEST(Threads, CoverEveryIndexOnce) {
  for_many([](const Threads& threads, std::int64_t n, std::int64_t grain) {
    std::int64_t next = 0;
    for (const auto& [begin, end, thread] : ranges_of(threads, n, grain)) {
      EXPECT_EQ(begin, next);
      EXPECT_LT(begin, end);
      next = end;
    }
    EXPECT_EQ(next, n);
  });
}

TEST(Threads, EndEveryRangeButTheLastAtAMultipleOfTheGrain) {
  for_many([](const Threads& threads, std::int64_t n, std::int64_t grain) {
    for (const auto& [begin, end, thread] : ranges_of(threads, n, grain)) EXPECT_TRUE(end % grain == 0 || end == n);
  });
}

TEST(Threads, NumberTheRangesBelowWhatRangesPromises) {
  for_many([](const Threads& threads, std::int64_t n, std::int64_t grain) {
    const auto ranges = ranges_of(threads, n, grain);
    EXPECT_LE(std::ssize(ranges), threads.ranges(n, grain));
    EXPECT_LE(threads.ranges(n, grain), threads.count());
    for (const auto& [begin, end, thread] : ranges) {
      EXPECT_GE(thread, 0);
      EXPECT_LT(thread, threads.ranges(n, grain));
    }
  });
}

TEST(Threads, SplitAlikeEveryTime) {
  for_many([](const Threads& threads, std::int64_t n, std::int64_t grain) {
    EXPECT_EQ(ranges_of(threads, n, grain), ranges_of(threads, n, grain));
  });
}

/// As long as it lives, every parallel region has one thread.
class OneThreadARegion {
 public:
  OneThreadARegion() : before_(omp_get_max_active_levels()) { omp_set_max_active_levels(0); }
  OneThreadARegion(const OneThreadARegion&) = delete;
  OneThreadARegion& operator=(const OneThreadARegion&) = delete;
  ~OneThreadARegion() { omp_set_max_active_levels(before_); }

 private:
  int before_;
};

TEST(Threads, SplitAlikeWhenTheRuntimeGrantsFewer) {
  const Threads threads(4);
  const auto expected = ranges_of(threads, 100, 3);
  const OneThreadARegion one;
  EXPECT_EQ(ranges_of(threads, 100, 3), expected);
}

TEST(Threads, AreAsManyAsTheRuntimeGrants) {
  EXPECT_EQ(Threads(3).count(), 3);
  const OneThreadARegion one;
  EXPECT_EQ(Threads(3).count(), 1);
}

TEST(Threads, AreAsManyWhateverTheLoadWhereTheRuntimeAdjustsTeams) {
  const int dynamic = omp_get_dynamic();
  omp_set_dynamic(1);
  EXPECT_EQ(Threads(8).count(), 8);
  omp_set_dynamic(dynamic);
}

TEST(Threads, AreOneInsideAParallelRegion) {
  std::atomic<int> most = 0;
#pragma omp parallel num_threads(2)
  if (Threads(2).count() > most) most = Threads(2).count();
  EXPECT_EQ(most, 1);
}

TEST(Threads, AreNotBoundWhereTheRuntimeGivesFewer) {
  const Threads three(3);
  const OneThreadARegion one;
  EXPECT_THROW(three.bind(), Error);
  Threads(1).bind();
}

TEST(Threads, RunASingleRangeOnTheCaller) {
  Threads(8).parallel(10, 10, [](std::int64_t, std::int64_t, int) { EXPECT_FALSE(omp_in_parallel()); });
}

TEST(Threads, BalanceGrainsWithinOne) {
  std::vector<std::int64_t> sizes;
  for (const auto& [begin, end, thread] : ranges_of(Threads(3), 100, 1)) sizes.push_back(end - begin);
  EXPECT_THAT(sizes, testing::ElementsAre(33, 33, 34));
}

TEST(Threads, AreOnePerUsableCoreByDefault) {
  EXPECT_EQ(Threads().count(), Threads(0).count());
  EXPECT_GE(Threads().count(), 1);
}

TEST(Threads, RefuseANegativeCount) { EXPECT_THROW(Threads(-1), Error); }

TEST(Threads, BindTheRuntimeToTheirCount) {
  const int before = omp_get_max_threads();
  Threads(3).bind();
  EXPECT_EQ(omp_get_max_threads(), 3);
  Threads(before).bind();
}

TEST(Threads, BoundAreAsManyAsWereBound) {
  const int before = omp_get_max_threads();
  Threads(3).bind();
  EXPECT_EQ(Threads::bound().count(), 3);
  Threads(before).bind();
}

TEST(Threads, HandTheCallerWhatABodyThrows) {
  for (const int count : {1, 2, 5})
    EXPECT_THROW(Threads(count).parallel(100, 1,
                                         [](std::int64_t begin, std::int64_t, int) {
                                           if (begin == 0) throw Error{{.where = "body"}};
                                         }),
                 Error)
        << count;
}

TEST(Threads, HandTheCallerOneOfSeveralExceptionsAndWorkOn) {
  const Threads threads(4);
  EXPECT_THROW(threads.parallel(100, 1, [](std::int64_t, std::int64_t, int) { throw std::bad_alloc(); }),
               std::bad_alloc);
  EXPECT_EQ(ranges_of(threads, 100, 1).size(), 4u);
}

TEST(FunctionRef, PassesArgumentsAndResults) {
  const auto twice = [](int x) { return 2 * x; };
  const FunctionRef<int(int)> reference = twice;
  EXPECT_EQ(reference(21), 42);
}

/// A root folder with what a system says of its control groups.
class UsableCores : public testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  TestFolder root_;
};

TEST_F(UsableCores, AreThoseOfTheMachineWhereNothingLimitsTheirTime) {
  EXPECT_EQ(usable_cores(root_.path()), omp_get_num_procs());
  write("proc/self/cgroup", "0::/job\n");
  write("sys/fs/cgroup/job/cpu.max", "max 100000\n");
  EXPECT_EQ(usable_cores(root_.path()), omp_get_num_procs());
}

TEST_F(UsableCores, AreAsManyAsAControlGroupsTimeKeepsBusy) {
  write("proc/self/cgroup", "0::/outer/job\n");
  for (const auto& [most, cores] : std::vector<std::pair<const char*, int>>{{"50000 100000", 1},
                                                                            {"100000 100000", 1},
                                                                            {"1000 1000000", 1},
                                                                            {"100100 100000", 2},
                                                                            {"900000 100000", 9}}) {
    write("sys/fs/cgroup/outer/cpu.max", most);
    EXPECT_EQ(usable_cores(root_.path()), std::min(cores, omp_get_num_procs())) << most;
  }
}

TEST_F(UsableCores, KnowTheFirstVersionOfControlGroups) {
  write("proc/self/cgroup", "7:cpu,cpuacct:/job\n3:memory:/other\n");
  write("sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "80000\n");
  write("sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(usable_cores(root_.path()), 1);
  write("sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(usable_cores(root_.path()), omp_get_num_procs());
}

}  // namespace
}  // namespace evenkeel
