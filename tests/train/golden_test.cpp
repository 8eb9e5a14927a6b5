#include <gtest/gtest.h>

#include "tests/support/golden.h"

namespace evenkeel {
namespace {

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, AgreesWithKeras) { check_golden(GetParam(), true); }

TEST_P(Golden, AgreesWithKerasWithoutFusing) { check_golden(GetParam(), false); }

INSTANTIATE_TEST_SUITE_P(Case, Golden, testing::ValuesIn(golden_cases()), [](const auto& c) { return c.param; });

TEST(Goldens, AreAllThere) { EXPECT_GE(golden_cases().size(), 38u); }

}  // namespace
}  // namespace evenkeel
