#include "evenkeel/data/class_names.h"

#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

Dataset named(const std::vector<std::int32_t>& labels, std::vector<std::string> names) {
  const auto n = std::ssize(labels);
  Tensor x({n, 1}, DType::uint8);
  for (std::int64_t i = 0; i < n; ++i)
    x.as<std::uint8_t>()[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(10 + i);
  return Dataset(
      {.name = "set", .x = std::move(x), .y = Tensor::of<std::int32_t>({n}, labels), .class_names = std::move(names)});
}

std::vector<std::int32_t> labels_of(const Dataset& dataset) {
  const auto labels = dataset.y().as<std::int32_t>();
  return {labels.begin(), labels.end()};
}

const std::vector<std::string> kNames = {"ant", "bee", "cow", "dog"};

TEST(WithClasses, MapsLabelsByName) {
  const Dataset mapped = with_classes(named({0, 1, 2, 1}, {"dog", "ant", "bee"}), kNames, "training");
  EXPECT_EQ(labels_of(mapped), (std::vector<std::int32_t>{3, 0, 1, 0}));
  EXPECT_EQ(mapped.class_names(), kNames);
  EXPECT_EQ(mapped.classes(), 4);
}

TEST(WithClasses, LeavesTheSamplesWhereTheyAre) {
  const Dataset set = named({0, 1}, {"bee", "ant"});
  EXPECT_EQ(with_classes(set, kNames, "training").x().data, set.x().data);
}

TEST(WithClasses, OfARangeSeesTheRangeOnly) {
  const Dataset mapped = with_classes(named({0, 1, 2, 1}, {"fox", "ant", "bee"}).range(1, 4), kNames, "training");
  EXPECT_EQ(labels_of(mapped), (std::vector<std::int32_t>{0, 1, 0}));
  EXPECT_EQ(labels_of(mapped.range(1, 3)), (std::vector<std::int32_t>{1, 0}));
  EXPECT_EQ(mapped.range(1, 3).x().as<std::uint8_t>()[0], 12);
}

TEST(WithClasses, RefusesAClassThatIsUnknownAndSaysWhatIsAbsent) {
  EXPECT_SAYS(error_of([] {
                with_classes(named({0, 1}, {"ant", "fox"}), kNames, "the training data");
              }),
              "expected the classes of the training data: \"ant\", \"bee\", \"cow\", \"dog\", received a class that "
              "is unknown: \"fox\"; without \"bee\", \"cow\", \"dog\"");
}

TEST(WithClasses, IsTheSetItselfWhereNothingIsToBeCompared) {
  EXPECT_EQ(labels_of(with_classes(named({0, 1}, {}), kNames, "")), (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(labels_of(with_classes(named({0, 1}, {"x", "y"}), {}, "")), (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(labels_of(with_classes(named({0, 1}, kNames), kNames, "")), (std::vector<std::int32_t>{0, 1}));
}

TEST(Relabelled, ChangesTheFingerprintAndNothingElse) {
  const Dataset set = named({0, 1}, {"bee", "ant"});
  const Dataset mapped = set.relabelled({1, 0}, {"ant", "bee"});
  EXPECT_NE(mapped.fingerprint(), set.fingerprint());
  EXPECT_EQ(mapped.name(), set.name());
  EXPECT_EQ(labels_of(set), (std::vector<std::int32_t>{0, 1}));
}

TEST(Relabelled, RefusesALabelWithoutAPlace) {
  EXPECT_SAYS(error_of([] { named({0, 1}, {"bee", "ant"}).relabelled({0}, {"ant"}); }), "label 1 in sample 1");
}

}  // namespace
}  // namespace evenkeel
