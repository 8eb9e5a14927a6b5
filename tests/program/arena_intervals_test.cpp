#include "evenkeel/program/arena_intervals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace evenkeel {
namespace {

struct Taken {
  std::int64_t offset, bytes;
  int first, last;
};

/// The definition: the lowest offset at which nothing is in the way.
std::int64_t lowest_gap(const std::vector<Taken>& all, std::int64_t bytes, int first, int last) {
  std::vector<std::int64_t> candidates = {0};
  for (const Taken& t : all) candidates.push_back(t.offset + t.bytes);
  std::ranges::sort(candidates);
  const auto is_free = [&](std::int64_t at) {
    return std::ranges::none_of(all, [&](const Taken& t) {
      return t.first <= last && first <= t.last && t.offset < at + bytes && at < t.offset + t.bytes;
    });
  };
  return *std::ranges::find_if(candidates, is_free);
}

TEST(ArenaIntervals, FindsTheLowestGapAmongAnyNumberOfOthers) {
  std::mt19937 random(1);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (const int lines : {1, 2, 7, 33}) {
    ArenaIntervals intervals(lines);
    std::vector<Taken> all;
    for (int i = 0; i < 120; ++i) {
      const int first = below(lines), last = first + below(lines - first);
      const std::int64_t bytes = 1 + below(6);
      const std::int64_t at = intervals.lowest_gap(bytes, first, last);
      ASSERT_EQ(at, lowest_gap(all, bytes, first, last)) << lines << " lines, value " << i;
      intervals.take(at, bytes, first, last);
      all.push_back({at, bytes, first, last});
    }
  }
}

}  // namespace
}  // namespace evenkeel
