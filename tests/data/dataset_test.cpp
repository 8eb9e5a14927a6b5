#include "evenkeel/data/dataset.h"

#include <cmath>
#include <limits>

#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

/// What the constructor says to these parts.
std::string refusal(Tensor x, Tensor y, std::vector<std::string> class_names = {}) {
  return error_of(
      [&] { Dataset({.name = "set", .x = std::move(x), .y = std::move(y), .class_names = std::move(class_names)}); });
}

Tensor three_samples() { return tensor_of<float>({3, 2}, {1, 2, 3, 4, 5, 6}); }

TEST(Dataset, WithoutSamplesCanBeAskedEverything) {
  const Dataset none;
  EXPECT_EQ(none.size(), 0);
  EXPECT_EQ(none.x().shape.size(), 0);
  EXPECT_EQ(none.y().shape.size(), 0);
  EXPECT_FALSE(none.has_targets());
  EXPECT_EQ(none.classes(), 0);
  EXPECT_TRUE(none.class_names().empty());
  EXPECT_EQ(none.sample_shape().rank(), 0);
}

TEST(Dataset, HasAsManyClassesAsNames) {
  const Dataset set({.name = "",
                     .x = three_samples(),
                     .y = tensor_of<std::int32_t>({3}, {0, 1, 0}),
                     .class_names = {"a", "b", "c", "d"}});
  EXPECT_EQ(set.classes(), 4);
}

TEST(Dataset, WithoutNamesHasOneClassMoreThanItsLargestLabel) { EXPECT_EQ(counting_dataset(5).classes(), 3); }

TEST(Dataset, OfTargetsHasTheirColumnsAsClasses) {
  const Dataset set({.name = "", .x = three_samples(), .y = Tensor({3, 7}, DType::float32), .class_names = {}});
  EXPECT_EQ(set.classes(), 7);
  EXPECT_TRUE(set.has_targets());
  EXPECT_FALSE(set.has_labels());
}

TEST(Dataset, WithoutTargetsHasNoClasses) {
  const Dataset set({.name = "", .x = three_samples(), .y = {}, .class_names = {}});
  EXPECT_EQ(set.classes(), 0);
  EXPECT_FALSE(set.has_targets());
}

TEST(Dataset, RefusesAnEmptySet) {
  EXPECT_SAYS(refusal(Tensor({0, 2}, DType::float32), {}), "set: expected at least one sample");
}

TEST(Dataset, RefusesSamplesWithoutAnAxis) {
  EXPECT_SAYS(refusal(tensor_of<float>({3}, {1, 2, 3}), {}), "expected samples [N, ...], received [3]");
}

TEST(Dataset, RefusesSamplesOfAnotherType) {
  EXPECT_SAYS(refusal(Tensor({3, 2}, DType::float64), {}), "expected samples of uint8 or float32, received float64");
}

TEST(Dataset, RefusesFewerLabelsThanSamples) {
  EXPECT_SAYS(refusal(three_samples(), tensor_of<std::int32_t>({2}, {0, 1})),
              "as many labels as samples (3), received 2");
}

TEST(Dataset, RefusesMoreTargetsThanSamples) {
  EXPECT_SAYS(refusal(three_samples(), Tensor({4, 2}, DType::float32)), "as many targets as samples (3), received 4");
}

TEST(Dataset, RefusesFloatLabels) {
  EXPECT_SAYS(refusal(three_samples(), tensor_of<float>({3}, {0, 1, 2})), "received float32 [3]");
}

TEST(Dataset, RefusesANegativeLabelAndSaysWhere) {
  EXPECT_SAYS(refusal(three_samples(), tensor_of<std::int32_t>({3}, {0, -2, 1})),
              "expected labels from 0 to 1048575, received -2 in sample 1");
}

TEST(Dataset, RefusesALabelThatNoSetHasClassesFor) {
  EXPECT_SAYS(refusal(three_samples(), tensor_of<std::int32_t>({3}, {0, 1, 2147483646})),
              "expected labels from 0 to 1048575, received 2147483646 in sample 2");
}

TEST(Dataset, RefusesALabelBehindTheLastNameAndSaysWhere) {
  EXPECT_SAYS(refusal(three_samples(), tensor_of<std::int32_t>({3}, {0, 1, 2}), {"a", "b"}),
              "expected labels from 0 to 1, received 2 in sample 2");
}

TEST(Dataset, RefusesNanInSamplesAndSaysWhere) {
  Tensor x = three_samples();
  x.as<float>()[3] = std::nanf("");
  EXPECT_SAYS(refusal(std::move(x), {}), "expected finite numbers in x, received NaN in sample 1");
}

TEST(Dataset, RefusesInfinityInTargetsAndSaysWhere) {
  Tensor y({3, 2}, DType::float32);
  y.as<float>()[5] = -std::numeric_limits<float>::infinity();
  EXPECT_SAYS(refusal(three_samples(), std::move(y)), "expected finite numbers in y, received -inf in sample 2");
}

TEST(DatasetRange, SharesTheElements) {
  const Dataset set = counting_dataset(10);
  const Dataset part = set.range(4, 7);
  EXPECT_EQ(part.size(), 3);
  EXPECT_EQ(part.x().as<float>().data(), set.x().as<float>().data() + 4);
  EXPECT_EQ(part.y().as<std::int32_t>().data(), set.y().as<std::int32_t>().data() + 4);
}

TEST(DatasetRange, OutlivesTheSetItWasTakenFrom) {
  Dataset part;
  { part = counting_dataset(10).range(8, 10); }
  EXPECT_EQ(part.x().as<float>()[1], 9);
}

TEST(DatasetRange, CountsNegativeBoundsFromTheEnd) {
  const Dataset part = counting_dataset(10).range(-3, -1);
  EXPECT_EQ(part.size(), 2);
  EXPECT_EQ(part.x().as<float>()[0], 7);
}

TEST(DatasetRange, OfARangeCountsFromItsBegin) {
  const Dataset part = counting_dataset(10).range(2, 8).range(1, 3);
  EXPECT_EQ(part.x().as<float>()[0], 3);
  EXPECT_EQ(part.name(), "counting[3:5]");
}

TEST(DatasetRange, HasTheClassesOfTheWholeSet) { EXPECT_EQ(counting_dataset(10).range(0, 1).classes(), 3); }

TEST(DatasetRange, IsNamedAsItsSpec) {
  const Dataset set = counting_dataset(10);
  EXPECT_EQ(set.range(5, 10).name(), "counting[5:]");
  EXPECT_EQ(set.range(0, 5).name(), "counting[:5]");
  EXPECT_EQ(set.range(0, 10).name(), "counting");
}

TEST(DatasetRange, RefusesAnEmptyRange) {
  EXPECT_SAYS(error_of([] { counting_dataset(10).range(4, 4); }), "samples 0 to 9, received [4:4]");
}

TEST(DatasetRange, RefusesAnEndBehindTheLastSample) {
  EXPECT_SAYS(error_of([] { counting_dataset(10).range(0, 11); }), "samples 0 to 9, received [0:11]");
}

TEST(DatasetRange, RefusesABeginBeforeTheFirstSample) {
  EXPECT_SAYS(error_of([] { counting_dataset(10).range(-11, 5); }), "samples 0 to 9, received [-11:5]");
}

TEST(DatasetFingerprint, IsTheSameForEqualElements) {
  EXPECT_EQ(counting_dataset(10).fingerprint(), counting_dataset(10).fingerprint());
}

TEST(DatasetFingerprint, DoesNotDependOnTheName) {
  const Dataset set({.name = "other",
                     .x = Tensor::copy_of(counting_dataset(10).x()),
                     .y = Tensor::copy_of(counting_dataset(10).y()),
                     .class_names = {}});
  EXPECT_EQ(set.fingerprint(), counting_dataset(10).fingerprint());
}

TEST(DatasetFingerprint, OfARangeIsThatOfItsElements) {
  EXPECT_EQ(counting_dataset(10).range(0, 5).fingerprint(), counting_dataset(5).fingerprint());
}

TEST(DatasetFingerprint, SeesASampleALabelAndAShape) {
  const auto fingerprint = [](Shape shape, float first, std::int32_t label) {
    Tensor x(shape, DType::float32);
    x.as<float>()[0] = first;
    return Dataset({.name = "", .x = std::move(x), .y = tensor_of<std::int32_t>({2}, {0, label}), .class_names = {}})
        .fingerprint();
  };
  const std::string one = fingerprint({2, 4}, 0, 0);
  EXPECT_NE(one, fingerprint({2, 4}, 1, 0));
  EXPECT_NE(one, fingerprint({2, 4}, 0, 1));
  EXPECT_NE(one, fingerprint({2, 2, 2}, 0, 0));
}

TEST(DatasetFingerprint, HasEightHexadecimalDigits) {
  const std::string text = counting_dataset(1).fingerprint();
  EXPECT_EQ(text.size(), 8u);
  EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string::npos);
}

}  // namespace
}  // namespace evenkeel
