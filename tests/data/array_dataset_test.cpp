#include "evenkeel/data/array_dataset.h"

#include <gmock/gmock.h>

#include <utility>

#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

TEST(DatasetOf, DoesNotCopyWhatFits) {
  std::vector<Tensor> samples;
  samples.push_back(tensor_of<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
  const std::byte* const before = samples[0].data();
  const Dataset set = dataset_of("arrays", std::move(samples), tensor_of<std::int32_t>({2}, {1, 0}));
  EXPECT_EQ(set.x().data, before);
  EXPECT_EQ(set.classes(), 2);
}

TEST(DatasetOf, ConvertsAsAFileIsConverted) {
  std::vector<Tensor> samples;
  samples.push_back(tensor_of<double>({2, 3}, {1, 2, 3, 4, 5, 6}));
  const formats::TextArray texts{.texts = {"dog", "cat"}, .shape = {2}};
  const Dataset set = dataset_of("arrays", std::move(samples), texts, {.labels = LabelMapping::names});
  EXPECT_EQ(set.x().as<float>()[5], 6);
  EXPECT_EQ(set.y().as<std::int32_t>()[0], 1);
  EXPECT_THAT(set.class_names(), testing::ElementsAre("cat", "dog"));
}

TEST(DatasetOf, WantsAnArrayForEachInput) {
  const std::vector<ArrayOptions::Input> inputs = {{"image", {3}}, {"age", {1}}};
  EXPECT_THAT(error_of([&] {
                std::vector<Tensor> samples;
                samples.push_back(tensor_of<float>({2, 3}, {1, 2, 3, 4, 5, 6}));
                dataset_of("arrays", std::move(samples), {}, {.inputs = inputs});
              }),
              testing::HasSubstr("arrays: expected 2 arrays, one for each of the model's inputs, received 1"));
}

}  // namespace
}  // namespace evenkeel
