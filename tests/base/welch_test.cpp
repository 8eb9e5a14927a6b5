#include "evenkeel/base/welch.h"

#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/support/testing.h"

namespace evenkeel {
namespace {

using Values = std::vector<double>;

/// `n` values around `mean` with a standard deviation near `spread`.
Values spread_around(double mean, double spread, int n) {
  Values values;
  for (int i = 0; i < n; ++i) values.push_back(mean + (i % 2 == 0 ? spread : -spread));
  return values;
}

const Values kA = spread_around(0.970, 0.001, 6);

TEST(Welch, HasTheIntervalsOfScipy) {
  std::ifstream file(EVENKEEL_SOURCE_DIR "/tests/golden/welch.json");
  const nlohmann::json cases = nlohmann::json::parse(file);
  ASSERT_GT(cases.size(), 10u);
  for (const auto& expected : cases) {
    const auto c = compare_means(expected["a"].get<Values>(), expected["b"].get<Values>(), 0.005);
    const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-9 * (1 + std::abs(b)); };
    EXPECT_PRED2(near, c.low(), expected["low"].get<double>());
    EXPECT_PRED2(near, c.high(), expected["high"].get<double>());
    EXPECT_PRED2(near, c.degrees_of_freedom.value(), expected["degrees_of_freedom"].get<double>());
  }
}

TEST(Welch, DiffersWhereTheIntervalExcludesZeroAndReachesBeyondTheMargin) {
  EXPECT_EQ(compare_means(kA, spread_around(0.980, 0.001, 6), 0.005).verdict, Verdict::differs);
  EXPECT_EQ(compare_means(kA, spread_around(0.960, 0.001, 6), 0.005).verdict, Verdict::differs);
  EXPECT_EQ(compare_means(kA, spread_around(0.9745, 0.001, 6), 0.005).verdict, Verdict::differs);
}

TEST(Welch, IsEqualWithinTheMarginWhereTheIntervalIs) {
  EXPECT_EQ(compare_means(kA, spread_around(0.9705, 0.001, 6), 0.005).verdict, Verdict::equal_within_margin);
}

TEST(Welch, CallsADifferenceThatDoesNotMatterEqual) {
  const auto c = compare_means(kA, spread_around(0.972, 0.0005, 6), 0.005);
  EXPECT_GT(c.low(), 0);
  EXPECT_EQ(c.verdict, Verdict::equal_within_margin);
}

TEST(Welch, IsUndecidedWhereTheIntervalHoldsZeroAndReachesBeyondTheMargin) {
  EXPECT_EQ(compare_means(kA, spread_around(0.972, 0.02, 6), 0.005).verdict, Verdict::undecided);
}

/// The first `n` of the values repeated for ever: nearly the same mean and variance.
Values repeated(const Values& values, std::size_t n) {
  Values all;
  for (std::size_t i = 0; i < n; ++i) all.push_back(values[i % values.size()]);
  return all;
}

TEST(Welch, SaysHowManySeedsWouldDecide) {
  // No difference, one that ends within the margin, one that excludes zero first, one beyond the margin.
  for (const auto& [difference, verdict] : {std::pair{0.0, Verdict::equal_within_margin},
                                            {0.002, Verdict::equal_within_margin},
                                            {0.004, Verdict::differs},
                                            {-0.004, Verdict::differs},
                                            {0.008, Verdict::differs}}) {
    const Values a = spread_around(0.970, 0.02, 6), b = spread_around(0.970 + difference, 0.02, 6);
    const auto c = compare_means(a, b, 0.005);
    ASSERT_EQ(c.verdict, Verdict::undecided);
    // The variance of a longer sample of the same values is slightly smaller: about that many.
    const std::size_t n = c.seeds_needed.value() / 2 * 2;
    EXPECT_EQ(compare_means(repeated(a, n), repeated(b, n), 0.005).verdict, verdict) << difference;
    const std::size_t fewer = n * 3 / 8 * 2;
    EXPECT_EQ(compare_means(repeated(a, fewer), repeated(b, fewer), 0.005).verdict, Verdict::undecided) << difference;
  }
}

TEST(Welch, AsksForMoreSeedsEvenWhereTheHalfWidthIsTheMarginAlready) {
  const auto c = compare_means(spread_around(0.970, 0.004, 6), spread_around(0.9735, 0.004, 6), 0.006);
  ASSERT_EQ(c.verdict, Verdict::undecided);
  ASSERT_LE(c.half_width.value(), 0.006);
  EXPECT_GT(c.seeds_needed.value(), 6u);
}

TEST(Welch, MakesNoClaimOfThreeSeeds) {
  const auto c = compare_means(spread_around(0.1, 0.001, 3), spread_around(0.9, 0.001, 9), 0.005);
  EXPECT_EQ(c.verdict, Verdict::no_claim);
  EXPECT_FALSE(c.half_width.has_value());
  EXPECT_NEAR(c.difference, 0.8, 0.01);
}

TEST(Welch, MakesNoClaimWithoutAnySpread) {
  EXPECT_EQ(compare_means(Values(5, 0.1), Values(5, 0.1), 0.005).verdict, Verdict::no_claim);
  EXPECT_SAYS(sentence(compare_means(Values(5, 0.1), Values(5, 0.2), 0.005), "a", "b", "accuracy"), "No spread");
}

TEST(Welch, MakesNoClaimOfValuesThatAreNoNumbers) {
  Values b = kA;
  b[2] = std::numeric_limits<double>::quiet_NaN();
  const auto c = compare_means(kA, b, 0.005);
  EXPECT_EQ(c.verdict, Verdict::no_claim);
  EXPECT_SAYS(sentence(c, "a", "b", "accuracy"), "not finite: no claim");
}

TEST(Welch, RefusesAnEmptySampleAndAMarginOfNothing) {
  EXPECT_SAYS(error_of([] { compare_means({}, kA, 0.1); }), "0 and 6 values");
  EXPECT_SAYS(error_of([] { compare_means(kA, kA, 0); }), "margin 0");
}

TEST(Welch, SaysWhichIsHigherAndByHowMuch) {
  const std::string up = sentence(compare_means(kA, spread_around(0.990, 0.001, 6), 0.005), "a", "b", "accuracy");
  const std::string down = sentence(compare_means(kA, spread_around(0.950, 0.001, 6), 0.005), "a", "b", "accuracy");
  EXPECT_SAYS(up, "`b` has the higher accuracy, by 0.0200 over `a` (95 % interval 0.0186 to 0.0214, 6 seeds each)");
  EXPECT_SAYS(down, "`a` has the higher accuracy, by 0.0200 over `b`");
  EXPECT_SAYS(up, "by more than the margin of 0.005");
}

TEST(Welch, SaysWhereTheDifferenceMayBeLessThanTheMargin) {
  EXPECT_SAYS(sentence(compare_means(kA, spread_around(0.9745, 0.001, 6), 0.005), "a", "b", "accuracy"),
              "though perhaps by less than 0.005");
}

TEST(Welch, SaysThatTwoAreEqualWithinTheMargin) {
  EXPECT_SAYS(sentence(compare_means(kA, spread_around(0.9705, 0.001, 6), 0.005), "a", "b", "accuracy"),
              "`a` and `b` are equal in accuracy within the margin of 0.005");
}

TEST(Welch, SaysHowManySeedsAnUndecidedComparisonNeeds) {
  const auto c = compare_means(kA, spread_around(0.972, 0.02, 6), 0.005);
  EXPECT_SAYS(sentence(c, "a", "b", "accuracy"), "about " + std::to_string(c.seeds_needed.value()) + " seeds of each");
}

TEST(Welch, SaysThatThreeSeedsMakeNoClaim) {
  const std::string said =
      sentence(compare_means(Values{0.1, 0.2, 0.3}, Values{0.5, 0.6, 0.7}, 0.005), "a", "b", "accuracy");
  EXPECT_SAYS(said, "3 seeds: no claim. In accuracy, `b` minus `a` is 0.4000.");
}

}  // namespace
}  // namespace evenkeel
