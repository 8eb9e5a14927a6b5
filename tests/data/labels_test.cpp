#include "evenkeel/data/labels.h"

#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

Dataset with_labels(const std::vector<std::int32_t>& labels) {
  const auto n = std::ssize(labels);
  return Dataset(
      {.name = "", .x = Tensor({n, 1}, DType::uint8), .y = Tensor::of<std::int32_t>({n}, labels), .class_names = {}});
}

/// n samples whose labels go round through `classes` of them, from `first` on.
Dataset in_turn(std::int64_t n, std::int32_t classes, std::int32_t first = 0) {
  std::vector<std::int32_t> labels;
  for (std::int32_t i = 0; i < n; ++i) labels.push_back(first + i % classes);
  return with_labels(labels);
}

std::vector<std::int64_t> labels_of(const std::vector<MissingClass>& classes) {
  std::vector<std::int64_t> labels;
  for (const MissingClass& c : classes) labels.push_back(c.label);
  return labels;
}

Dataset with_targets(Shape shape, std::initializer_list<float> values) {
  return Dataset(
      {.name = "", .x = Tensor({shape[0], 1}, DType::uint8), .y = tensor_of<float>(shape, values), .class_names = {}});
}

TEST(Labels, AreReadFromOneHotTargets) {
  EXPECT_EQ(class_labels(with_targets({2, 3}, {0, 0, 1, 1, 0, 0})), (std::vector<std::int32_t>{2, 0}));
}

TEST(Labels, AreReadFromOneColumnOfZerosAndOnes) {
  EXPECT_EQ(class_labels(with_targets({3, 1}, {0, 1, 1})), (std::vector<std::int32_t>{0, 1, 1}));
}

TEST(Labels, AreNoneWhereTargetsAreNumbers) {
  EXPECT_TRUE(class_labels(with_targets({2, 2}, {0.5, 0.5, 1, 0})).empty());
  EXPECT_TRUE(class_labels(with_targets({2, 2}, {1, 1, 1, 0})).empty());
  EXPECT_TRUE(class_labels(with_targets({2, 1}, {0, 2})).empty());
}

TEST(Labels, AreSortedWhereEachClassIsOneBlock) {
  EXPECT_TRUE(is_sorted_by_class(with_labels({0, 0, 0, 1, 1, 2})));
  EXPECT_TRUE(is_sorted_by_class(with_labels({2, 2, 0, 0})));
  EXPECT_FALSE(is_sorted_by_class(with_labels({0, 1, 0, 1})));
  EXPECT_FALSE(is_sorted_by_class(with_labels({1, 1, 1, 1})));
  EXPECT_FALSE(is_sorted_by_class(with_labels({0, 1, 2})));
}

TEST(LabelComparison, NamesTheClassesThatOneSideLacks) {
  const LabelComparison c = compare_labels(in_turn(80, 4), in_turn(20, 2, 4));
  EXPECT_EQ(labels_of(c.missing_in_first), (std::vector<std::int64_t>{4, 5}));
  EXPECT_EQ(labels_of(c.missing_in_second), (std::vector<std::int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(c.missing_in_second[0].samples, 20);
  EXPECT_DOUBLE_EQ(c.distance, 1);
  EXPECT_TRUE(c.differ());
}

TEST(LabelComparison, OfEqualSharesIsZero) {
  const LabelComparison c = compare_labels(in_turn(1000, 10), in_turn(100, 10));
  EXPECT_NEAR(c.distance, 0, 1e-12);
  EXPECT_LT(c.deviations, 3);
  EXPECT_FALSE(c.differ());
}

TEST(LabelComparison, KnowsThatASmallSetLacksClassesByChance) {
  const LabelComparison c = compare_labels(in_turn(1000, 10), with_labels({0, 3, 3, 7, 8}));
  EXPECT_EQ(c.missing_in_second.size(), 6);
  EXPECT_TRUE(beyond_chance(c.missing_in_second).empty());
  EXPECT_FALSE(c.differ());
}

TEST(LabelComparison, KnowsWhatChanceDoesNotExplain) {
  const LabelComparison c = compare_labels(in_turn(800, 4), in_turn(200, 3));
  EXPECT_EQ(labels_of(beyond_chance(c.missing_in_second)), (std::vector<std::int64_t>{3}));
}

TEST(LabelComparison, SeesOtherSharesOfTheSameClasses) {
  std::vector<std::int32_t> mostly_zero(200, 0);
  mostly_zero[0] = mostly_zero[1] = 1;
  EXPECT_TRUE(compare_labels(in_turn(200, 2), with_labels(mostly_zero)).differ());
}

TEST(LabelComparison, OfASetWithoutClassesSaysNothing) {
  const LabelComparison c = compare_labels(in_turn(10, 2), with_targets({1, 2}, {0.5, 0.5}));
  EXPECT_TRUE(c.first.empty());
  EXPECT_FALSE(c.differ());
}

TEST(LabelComparison, ListsClassesByNameAndAtMostSoMany) {
  const std::vector<MissingClass> classes = {{.label = 1}, {.label = 2}, {.label = 5}, {.label = 6}};
  EXPECT_EQ(class_list(classes, {"a", "b"}, 2), "1 (\"b\"), 2, 2 more");
}

}  // namespace
}  // namespace evenkeel
