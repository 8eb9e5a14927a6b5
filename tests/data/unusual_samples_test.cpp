#include "evenkeel/data/unusual_samples.h"

#include <cmath>

#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

/// n samples of so many values, each about as large as `scale` of its index.
template <class Scale>
Dataset scaled(std::int64_t n, std::int64_t values, Scale scale, DType dtype = DType::float32) {
  Tensor x({n, values}, DType::float32);
  for (std::int64_t i = 0; i < x.shape().size(); ++i)
    x.as<float>()[static_cast<std::size_t>(i)] =
        static_cast<float>(scale(i / values) * (0.5 + static_cast<double>(i * 7919 % 101) / 100));
  return Dataset({.name = "", .x = converted(x, dtype), .y = {}, .class_names = {}});
}

std::vector<std::int64_t> indices(const Dataset& dataset) {
  std::vector<std::int64_t> result;
  for (const UnusualSample& sample : unusual_samples(dataset)) result.push_back(sample.index);
  return result;
}

TEST(UnusualSamples, AreThoseThatWereNotPrepared) {
  const Dataset set = scaled(1000, 20, [](std::int64_t i) { return i % 250 == 17 ? 255.0 : 1.0; });
  EXPECT_EQ(indices(set), (std::vector<std::int64_t>{17, 267, 517, 767}));
  EXPECT_NEAR(unusual_samples(set)[0].ratio, 255, 80);
}

TEST(UnusualSamples, IncludeDarkOnesOfTheSameKind) {
  EXPECT_EQ(indices(scaled(100, 20, [](std::int64_t i) { return i == 5   ? 255.0
                                                                : i == 9 ? 20.0
                                                                         : 1.0; })),
            (std::vector<std::int64_t>{5, 9}));
  EXPECT_TRUE(indices(scaled(100, 20, [](std::int64_t i) { return i == 9 ? 20.0 : 1.0; })).empty());
}

TEST(UnusualSamples, MayBeATooSmallOne) {
  EXPECT_EQ(indices(scaled(100, 20, [](std::int64_t i) { return i == 42 ? 1.0 : 255.0; })),
            (std::vector<std::int64_t>{42}));
}

TEST(UnusualSamples, AreSeenBesideManyOthersOfTheirKind) {
  EXPECT_EQ(indices(scaled(100, 20, [](std::int64_t i) { return i % 3 == 0 ? 255.0 : 1.0; })).size(), 34);
}

TEST(UnusualSamples, AreNotTheTailOfALongTailedSet) {
  // Log-normal with sigma 2: one of forty is 50 times the median.
  const Dataset set = scaled(4000, 1, [](std::int64_t i) {
    const double u = (static_cast<double>(i * 2654435761 % 4001) + 0.5) / 4001, v = static_cast<double>(i % 7) / 7;
    return std::exp(2 * std::sqrt(-2 * std::log(u)) * std::cos(6.283185 * v));
  });
  EXPECT_TRUE(indices(set).empty());
}

TEST(UnusualSamples, AreNotDarkImagesOfBytes) {
  EXPECT_TRUE(indices(scaled(
                          100, 20, [](std::int64_t i) { return i == 3 ? 1.0 : 170.0; }, DType::uint8))
                  .empty());
}

TEST(UnusualSamples, AreFoundAmongBytesToo) {
  EXPECT_EQ(indices(scaled(
                100, 20, [](std::int64_t i) { return i == 3 ? 170.0 : 2.0; }, DType::uint8)),
            (std::vector<std::int64_t>{3}));
}

TEST(UnusualSamples, AreNotEmptyOnesAndNotMeasuredByThem) {
  EXPECT_TRUE(indices(scaled(100, 20, [](std::int64_t i) { return i % 3 == 0 ? 1.0 : 0.0; })).empty());
}

TEST(UnusualSamples, AreNotSoughtInAFew) {
  EXPECT_TRUE(indices(scaled(7, 20, [](std::int64_t i) { return i == 3 ? 1000.0 : 1.0; })).empty());
}

TEST(UnusualSamples, AreDescribedInOneSentence) {
  const Dataset set = scaled(1200, 1, [](std::int64_t) { return 1.0; });
  EXPECT_EQ(describe({{.index = 4, .ratio = 60}}, set),
            "1 of 1,200 samples is 60 times as large as the median sample (sample 4)");
  EXPECT_EQ(describe({{1, 60}, {2, 70}, {3, 100.4}, {5, 90}, {8, 80}, {9, 75}}, set),
            "6 of 1,200 samples are 60 to 100 times as large as the median sample (samples 1, 2, 3, 5, 8, 1 more)");
  EXPECT_EQ(describe({{.index = 4, .ratio = 0.004}}, set),
            "1 of 1,200 samples is 250 times as small as the median sample (sample 4)");
  EXPECT_EQ(describe({}, set), "");
}

}  // namespace
}  // namespace evenkeel
