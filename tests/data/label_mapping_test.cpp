#include "evenkeel/data/label_mapping.h"

#include <limits>

#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

using Numbers = std::vector<std::int64_t>;
using Names = std::vector<std::string>;

std::vector<std::int32_t> mapped(const MappedLabels& labels) {
  const auto values = labels.labels.as<std::int32_t>();
  return {values.begin(), values.end()};
}

TEST(LabelMapping, WithoutOneKeepsNumbers) {
  const MappedLabels labels = map_labels("", Numbers{0, 5, 2}, LabelMapping::none);
  EXPECT_EQ(mapped(labels), (std::vector<std::int32_t>{0, 5, 2}));
  EXPECT_TRUE(labels.class_names.empty());
}

TEST(LabelMapping, FromOneNamesClassesAsTheyWere) {
  const MappedLabels labels = map_labels("", Numbers{3, 1}, LabelMapping::from_one);
  EXPECT_EQ(mapped(labels), (std::vector<std::int32_t>{2, 0}));
  EXPECT_EQ(labels.class_names, (Names{"1", "2", "3"}));
}

TEST(LabelMapping, FromOneRefusesZero) {
  EXPECT_SAYS(error_of([] {
                map_labels("f.npz", Numbers{1, 0}, LabelMapping::from_one);
              }),
              "f.npz: expected labels from 1 to 1048576, received 0 in sample 1");
}

TEST(LabelMapping, ContiguousOrdersTheNumbersThatOccur) {
  const MappedLabels labels = map_labels("", Numbers{255, 0, -7, 255}, LabelMapping::contiguous);
  EXPECT_EQ(mapped(labels), (std::vector<std::int32_t>{2, 1, 0, 2}));
  EXPECT_EQ(labels.class_names, (Names{"-7", "0", "255"}));
}

TEST(LabelMapping, NamesOrdersTexts) {
  const MappedLabels labels = map_labels("", Names{"dog", "cat", "dog"}, LabelMapping::names);
  EXPECT_EQ(mapped(labels), (std::vector<std::int32_t>{1, 0, 1}));
  EXPECT_EQ(labels.class_names, (Names{"cat", "dog"}));
}

TEST(LabelMapping, NamesOrdersTextsOfNumbersByTheirValue) {
  const MappedLabels labels = map_labels("", Names{"10", "2", "9"}, LabelMapping::names);
  EXPECT_EQ(mapped(labels), (std::vector<std::int32_t>{2, 0, 1}));
  EXPECT_EQ(labels.class_names, (Names{"2", "9", "10"}));
}

TEST(LabelMapping, OfTextsIsProposedWhereNoneIsAskedFor) {
  EXPECT_SAYS(
      error_of([] {
        map_labels("f.npz", Names{"dog", "cat"}, LabelMapping::none);
      }),
      "f.npz: expected labels that are whole numbers, received texts: cat, dog. --labels names maps these 2 to 0 to "
      "1, in this order.");
}

TEST(LabelMapping, IsKnownByName) {
  EXPECT_EQ(label_mapping_named(""), LabelMapping::none);
  EXPECT_EQ(label_mapping_named("from-1"), LabelMapping::from_one);
  EXPECT_SAYS(error_of([] { label_mapping_named("contigous"); }), "Did you mean \"contiguous\"?");
}

TEST(LabelProposal, IsNoneForLabelsFromZero) {
  EXPECT_EQ(label_proposal(Numbers{1, 0, 2}), "");
  EXPECT_EQ(label_proposal(Numbers{0, 0}), "");
  EXPECT_EQ(label_proposal(Numbers{}), "");
}

TEST(LabelProposal, SaysWhatBecomesOfLabels) {
  EXPECT_EQ(label_proposal(Numbers{3, 1, 2}), "Labels are 1 to 3: --labels from-1 maps them to 0 to 2.");
  EXPECT_EQ(label_proposal(Numbers{255, 0}),
            "Labels are 0, 255: --labels contiguous maps them to 0 to 1, in this order.");
  EXPECT_EQ(label_proposal(Numbers{-3, -2, -1, 1, 2, 30}),
            "Labels are -3, -2, -1, ..., 30: --labels contiguous maps them to 0 to 5, in this order.");
}

TEST(LabelProposal, KnowsThatLabelsAtBothEndsHaveAGap) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min(), kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_SAYS(label_proposal(Numbers{kLeast, kMost}), "--labels contiguous maps them to 0 to 1");
}

}  // namespace
}  // namespace evenkeel
