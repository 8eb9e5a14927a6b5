#include "evenkeel/data/statistics.h"

#include <cmath>

#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

Dataset features(Tensor x) { return Dataset({.name = "", .x = std::move(x), .y = {}, .class_names = {}}); }

TEST(DatasetStatistics, CountEveryClassEvenAnEmptyOne) {
  const Dataset set({.name = "",
                     .x = Tensor({4, 1}, DType::uint8),
                     .y = tensor_of<std::int32_t>({4}, {2, 0, 2, 2}),
                     .class_names = {"a", "b", "c"}});
  EXPECT_EQ(dataset_statistics(set).per_class, (std::vector<std::int64_t>{1, 0, 3}));
}

TEST(DatasetStatistics, CountNoClassesWithoutLabels) {
  EXPECT_TRUE(dataset_statistics(features(Tensor({4, 1}, DType::uint8))).per_class.empty());
}

TEST(DatasetStatistics, OfPixelsAreThoseOfThePopulation) {
  const auto statistics = dataset_statistics(features(tensor_of<std::uint8_t>({2, 2}, {2, 4, 4, 255})));
  EXPECT_DOUBLE_EQ(statistics.mean, 66.25);
  EXPECT_DOUBLE_EQ(statistics.standard_deviation, std::sqrt((64.25 * 64.25 + 2 * 62.25 * 62.25 + 188.75 * 188.75) / 4));
  EXPECT_EQ(statistics.minimum, 2);
  EXPECT_EQ(statistics.maximum, 255);
}

TEST(DatasetStatistics, OfFloatsAreThoseOfThePopulation) {
  const auto statistics = dataset_statistics(features(tensor_of<float>({4, 1}, {-1, 0, 1, 2})));
  EXPECT_DOUBLE_EQ(statistics.mean, 0.5);
  EXPECT_DOUBLE_EQ(statistics.standard_deviation, std::sqrt(1.25));
  EXPECT_EQ(statistics.minimum, -1);
  EXPECT_EQ(statistics.maximum, 2);
}

TEST(DatasetStatistics, KeepASmallDeviationBesideALargeMean) {
  const auto statistics = dataset_statistics(features(tensor_of<float>({2, 1}, {1e7f, 1e7f + 1})));
  EXPECT_DOUBLE_EQ(statistics.standard_deviation, 0.5);
}

TEST(DatasetStatistics, OfARangeSeeTheRangeOnly) {
  EXPECT_EQ(dataset_statistics(counting_dataset(10).range(3, 5)).maximum, 4);
}

TEST(DatasetStatistics, RefuseAnEmptySet) {
  EXPECT_SAYS(error_of([] { dataset_statistics(Dataset()); }), "at least one sample");
}

}  // namespace
}  // namespace evenkeel
