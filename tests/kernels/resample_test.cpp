#include "evenkeel/kernels/resize/resample.h"

#include "evenkeel/kernels/resize/resample_reference.h"
#include "tests/kernels/kernel_test.h"

namespace evenkeel::kernels {
namespace {

using Weights = std::vector<std::vector<double>>;

/// A row of numbers for each output.
Weights matrix_of(const Taps& taps) {
  Weights rows;
  for (std::int64_t i = 0; i < taps.outputs(); ++i) {
    rows.emplace_back(static_cast<std::size_t>(taps.inputs()));
    for (const Taps::Tap& tap : taps.of(i)) rows.back()[static_cast<std::size_t>(tap.from)] += tap.weight;
  }
  return rows;
}

/// The input that each output is a copy of.
std::vector<std::int64_t> copied(const Taps& taps) {
  std::vector<std::int64_t> from;
  for (std::int64_t i = 0; i < taps.outputs(); ++i) from.push_back(taps.copied(i));
  return from;
}

TEST(Taps, OfTheNearestPixelHaveCentresAtHalfPixels) {
  // keras.layers.Resizing(1, m, interpolation="nearest") of arange(n); torch's nearest-exact is the same.
  using From = std::vector<std::int64_t>;
  EXPECT_EQ(copied(Taps::nearest(5, 3)), (From{0, 2, 4}));
  EXPECT_EQ(copied(Taps::nearest(3, 5)), (From{0, 0, 1, 2, 2}));
  EXPECT_EQ(copied(Taps::nearest(4, 6)), (From{0, 1, 1, 2, 3, 3}));
  EXPECT_EQ(copied(Taps::nearest(8, 2)), (From{2, 6}));
  EXPECT_EQ(copied(Taps::nearest(2, 6)), (From{0, 0, 0, 1, 1, 1}));
}

TEST(Taps, InterpolateBetweenCentresOrBetweenCorners) {
  EXPECT_EQ(matrix_of(Taps::linear(2, 4, false)), (Weights{{1, 0}, {0.75, 0.25}, {0.25, 0.75}, {0, 1}}));
  EXPECT_EQ(matrix_of(Taps::linear(2, 3, true)), (Weights{{1, 0}, {0.5, 0.5}, {0, 1}}));
  EXPECT_EQ(matrix_of(Taps::linear(4, 2, false)), (Weights{{0.5, 0.5, 0, 0}, {0, 0, 0.5, 0.5}}));
  EXPECT_EQ(matrix_of(Taps::linear(3, 1, true)), (Weights{{1, 0, 0}}));
  EXPECT_EQ(matrix_of(Taps::linear(1, 2, false)), (Weights{{1}, {1}}));
}

TEST(Taps, OfMeansHaveTheWindowsOfPyTorch) {
  const double third = 1.0 / 3;
  EXPECT_EQ(matrix_of(Taps::means(4, 2)), (Weights{{0.5, 0.5, 0, 0}, {0, 0, 0.5, 0.5}}));
  EXPECT_EQ(matrix_of(Taps::means(5, 2)), (Weights{{third, third, third, 0, 0}, {0, 0, third, third, third}}));
  EXPECT_EQ(matrix_of(Taps::means(2, 3)), (Weights{{1, 0}, {0.5, 0.5}, {0, 1}}));
}

TEST(Taps, CountPaddingButNotWhatIsPastIt) {
  // torch.nn.AvgPool1d(3, 2, padding=1, ceil_mode=True) of 6 ones: 0.6667, 1, 1, 0.5.
  EXPECT_EQ(matrix_of(Taps::padded_means(6, 4, 3, 2, 1, 1)), (Weights{{1.0 / 3, 1.0 / 3, 0, 0, 0, 0},
                                                                      {0, 1.0 / 3, 1.0 / 3, 1.0 / 3, 0, 0},
                                                                      {0, 0, 0, 1.0 / 3, 1.0 / 3, 1.0 / 3},
                                                                      {0, 0, 0, 0, 0, 0.5}}));
}

TEST(Taps, ShiftedPadOrCrop) {
  EXPECT_EQ(copied(Taps::shifted(2, 5, 1)), (std::vector<std::int64_t>{-1, 0, 1, -1, -1}));
  EXPECT_EQ(copied(Taps::shifted(5, 2, -2)), (std::vector<std::int64_t>{2, 3}));
}

TEST(Taps, ReflectedMirrorAtTheFirstAndLastInput) {
  // numpy.pad(arange(4), (3, 2), "reflect")
  EXPECT_EQ(copied(Taps::reflected(4, 3, 2)), (std::vector<std::int64_t>{3, 2, 1, 0, 1, 2, 3, 2, 1}));
  EXPECT_EQ(copied(Taps::reflected(1, 0, 0)), (std::vector<std::int64_t>{0}));
}

TEST(Taps, RepeatedHaveTheFirstAndLastInputAgain) {
  // numpy.pad(arange(2), (3, 1), "edge")
  EXPECT_EQ(copied(Taps::repeated(2, 3, 1)), (std::vector<std::int64_t>{0, 0, 0, 0, 1, 1}));
}

TEST(Taps, TransposedTwiceAreTheSame) {
  for (const Taps& taps :
       {Taps::linear(5, 9, false), Taps::linear(9, 4, true), Taps::nearest(3, 7), Taps::means(7, 3),
        Taps::shifted(4, 9, 2), Taps::shifted(9, 4, -3), Taps::reflected(5, 4, 2), Taps::repeated(3, 0, 5)}) {
    EXPECT_EQ(taps.transposed().transposed(), taps);
    const Weights there = matrix_of(taps), back = matrix_of(taps.transposed());
    for (std::size_t i = 0; i < there.size(); ++i)
      for (std::size_t j = 0; j < back.size(); ++j) EXPECT_EQ(there[i][j], back[j][i]);
  }
}

/// Every kind of taps in each direction, sizes that do and do not fill vectors, and gradients.
std::vector<Resampling> maps() {
  std::vector<Resampling> all;
  for (const std::int64_t c : {1, 3, 4, 5, 16, 17, 30, 76}) {
    const auto add = [&](std::int64_t n, const Taps& rows, const Taps& columns) {
      all.push_back({n, c, rows, columns});
      all.push_back({n, c, rows.transposed(), columns.transposed()});
    };
    add(2, Taps::nearest(4, 8), Taps::nearest(5, 15));
    add(3, Taps::linear(5, 10, false), Taps::linear(3, 6, false));
    add(2, Taps::linear(7, 3, true), Taps::linear(4, 9, true));
    add(1, Taps::shifted(3, 6, 2), Taps::shifted(5, 9, 1));
    add(2, Taps::shifted(8, 5, -1), Taps::shifted(6, 3, -2));
    add(2, Taps::means(7, 3), Taps::means(5, 6));
    add(1, Taps::padded_means(9, 5, 3, 2, 1, 1), Taps::shifted(4, 4, 0));
    add(4, Taps::linear(20, 40, false), Taps::nearest(20, 40));
    add(2, Taps::reflected(4, 3, 1), Taps::reflected(5, 0, 4));
    add(2, Taps::repeated(3, 2, 0), Taps::repeated(5, 1, 6));
  }
  return all;
}

std::int64_t x_size(const Resampling& map) { return map.n * map.rows.inputs() * map.columns.inputs() * map.c; }
std::int64_t y_size(const Resampling& map) { return map.n * map.rows.outputs() * map.columns.outputs() * map.c; }

class Resample : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(Resample);

TEST_P(Resample, IsThatOfTheReference) {
  for (const Resampling& map : maps()) {
    SCOPED_TRACE(testing::Message() << map.rows.inputs() << "x" << map.columns.inputs() << "x" << map.c << " to "
                                    << map.rows.outputs() << "x" << map.columns.outputs());
    const std::vector<float> x = normal_values(x_size(map), 1);
    std::vector<double> expected(static_cast<std::size_t>(y_size(map)));
    reference::resample<double>(map, in_double(x), expected);
    for_threads([&](const Threads& threads) {
      std::vector<float> y(expected.size(), std::numeric_limits<float>::quiet_NaN());
      resample(map, x, y, threads);
      // Two sums of at most 8 terms, each of at most 5: weights and partial sums are rounded.
      EXPECT_TRUE(agrees(y, expected, {.relative = 4 * kRounding, .absolute = 64 * kRounding}));
    });
  }
}

}  // namespace
}  // namespace evenkeel::kernels
