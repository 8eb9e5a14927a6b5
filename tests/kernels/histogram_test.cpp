#include "evenkeel/kernels/probe/histogram.h"

#include <limits>

#include "evenkeel/kernels/probe/histogram_reference.h"
#include "tests/kernels/kernel_test.h"

namespace evenkeel::kernels {
namespace {

class Histograms : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(Histograms);

Histogram histogram_of(const std::vector<float>& x, const Threads& threads = Threads(1)) {
  Histogram h;
  histogram(x, h, threads);
  return h;
}

void expect_that_of_the_reference(const std::vector<float>& x, const Threads& threads) {
  const Histogram actual = histogram_of(x, threads);
  Histogram expected;
  reference::histogram(x, expected);
  EXPECT_EQ(actual.counts, expected.counts);
  EXPECT_EQ(actual.finite, expected.finite);
  EXPECT_EQ(actual.not_finite, expected.not_finite);
  EXPECT_EQ(actual.min, expected.min);
  EXPECT_EQ(actual.max, expected.max);
  EXPECT_NEAR(actual.sum, expected.sum, 1e-13 * static_cast<double>(x.size()) * std::abs(expected.max));
  EXPECT_NEAR(actual.sum_of_squares, expected.sum_of_squares, 1e-13 * expected.sum_of_squares);
}

TEST_P(Histograms, AreThoseOfTheReferenceAtEverySize) {
  for (const std::int64_t n : {1, 3, 4, 7, 16, 17, 2047, 2048, 2049, 50'001})
    for_threads([&](const Threads& threads) {
      SCOPED_TRACE(n);
      expect_that_of_the_reference(normal_values(n, 3, 0.1, 0.02), threads);
    });
}

TEST_P(Histograms, AreThoseOfTheReferenceOnEveryEdgeAndBesideIt) {
  std::vector<float> x{0.0f, -0.0f, std::numeric_limits<float>::denorm_min(), 1e-30f, -1e-30f, 1e30f, -1e30f};
  constexpr float kFar = std::numeric_limits<float>::max();
  for (int i = 0; i <= Histogram::kBins; ++i) {
    const auto edge = static_cast<float>(Histogram::edge(i));
    x.insert(x.end(), {edge, std::nextafter(edge, kFar), std::nextafter(edge, -kFar)});
  }
  expect_that_of_the_reference(x, Threads(1));
}

TEST_P(Histograms, CountWhatIsNotFiniteApart) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> x(40, 2.0f);
  x[3] = kNan;
  x[17] = kInfinity;
  x[39] = -kInfinity;
  const Histogram h = histogram_of(x);
  EXPECT_EQ(h.not_finite, 3);
  EXPECT_EQ(h.finite, 37);
  EXPECT_EQ(h.sum, 74);
  EXPECT_EQ(h.min, 2);
  EXPECT_EQ(h.max, 2);
}

TEST_P(Histograms, OfNothingAreZero) {
  const Histogram h = histogram_of({});
  EXPECT_EQ(h.finite, 0);
  EXPECT_EQ(h.min, 0);
  EXPECT_EQ(h.max, 0);
}

TEST_P(Histograms, OfNegativeNumbersHaveANegativeMaximum) {
  const Histogram h = histogram_of({-3, -2, -5});
  EXPECT_EQ(h.min, -5);
  EXPECT_EQ(h.max, -2);
}

TEST(HistogramEdges, Rise) {
  for (int i = 0; i < Histogram::kBins; ++i) EXPECT_LT(Histogram::edge(i), Histogram::edge(i + 1)) << i;
}

TEST(HistogramEdges, DivideEachPowerOfTwoIntoEight) {
  const int one = Histogram::kBins / 2 + 40 * 8;
  EXPECT_EQ(Histogram::edge(one), 1.0);
  EXPECT_EQ(Histogram::edge(one + 1), 1.125);
  EXPECT_EQ(Histogram::edge(one + 8), 2.0);
}

TEST(HistogramEdges, AreThoseOfTheOtherSignWithAMinus) {
  for (int i = 1; i <= Histogram::kBins / 2; ++i)
    EXPECT_EQ(Histogram::edge(Histogram::kBins / 2 + i), -Histogram::edge(Histogram::kBins / 2 - i));
}

}  // namespace
}  // namespace evenkeel::kernels
