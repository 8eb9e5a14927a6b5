#include "evenkeel/base/denormals.h"

#include <gtest/gtest.h>

#include <vector>

namespace evenkeel {
namespace {

/// On each thread of a pool: a result that is not normal, and such an operand made normal again.
std::vector<float> tried(const Threads& threads) {
  volatile float small = 1e-30f, large = 1e30f;
  volatile float denormal = 1e-40f;
  std::vector<float> values(static_cast<std::size_t>(2 * threads.count()));
  threads.parallel(threads.count(), 1, [&](std::int64_t, std::int64_t, int thread) {
    const auto at = static_cast<std::size_t>(2 * thread);
    values[at] = small * 1e-10f * large;
    values[at + 1] = denormal * large;
  });
  return values;
}

TEST(DenormalsAsZero, AreZeroOnEveryThreadWhileItLives) {
  const Threads threads(2);
  const std::vector<float> before = tried(threads);
  for (const float value : before) EXPECT_GT(value, 0);
  {
    const DenormalsAsZero flushed(threads);
    for (const float value : tried(threads)) EXPECT_EQ(value, 0);
  }
  EXPECT_EQ(tried(threads), before);
}

TEST(DenormalsAsZero, MayBeNested) {
  const Threads threads(2);
  const DenormalsAsZero outer(threads);
  { const DenormalsAsZero inner(threads); }
  for (const float value : tried(threads)) EXPECT_EQ(value, 0);
}

}  // namespace
}  // namespace evenkeel
