#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <set>

#include "evenkeel/train/optimizers.h"
#include "tests/support/golden.h"

namespace evenkeel {
namespace {

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, AgreesWithItsFramework) { check_golden(GetParam(), true); }

TEST_P(Golden, AgreesWithItsFrameworkWithoutFusing) { check_golden(GetParam(), false); }

INSTANTIATE_TEST_SUITE_P(Case, Golden, testing::ValuesIn(golden_cases()), [](const auto& c) { return c.param; });

TEST(Goldens, AreSmallTogether) {
  std::uintmax_t bytes = 0;
  const auto folder = std::filesystem::path(EVENKEEL_SOURCE_DIR) / "tests/golden";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) bytes += entry.file_size();
  EXPECT_LT(bytes, 2'000'000u);
}

TEST(Goldens, HaveEveryOptimizer) {
  std::set<std::string> found;
  for (const std::string& name : golden_cases()) found.insert(golden_optimizer(name));
  for (const std::string& optimizer : optimizer_names())
    EXPECT_TRUE(found.contains(optimizer)) << "no case of tests/golden trains with " << optimizer;
}

TEST(Goldens, AreAllThere) { EXPECT_GE(golden_cases().size(), 38u); }

}  // namespace
}  // namespace evenkeel
