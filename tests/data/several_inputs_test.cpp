#include "evenkeel/data/batches.h"
#include "evenkeel/data/npz_dataset.h"
#include "evenkeel/data/npz_layout.h"
#include "evenkeel/data/resize.h"
#include "evenkeel/formats/npz.h"
#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

/// Sample i has the image i, the numbers [10 i, 10 i + 1] and the label i % 3.
Dataset::Parts several(std::int64_t n) {
  Dataset::Parts parts{.name = "several",
                       .x = Tensor({n, 2, 2, 1}, DType::uint8),
                       .y = Tensor({n}, DType::int32),
                       .class_names = {"a", "b", "c"}};
  parts.more.emplace_back(Shape{n, 2}, DType::float32);
  parts.input_names = {"image", "age"};
  for (std::int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    for (std::size_t k = 0; k < 4; ++k) parts.x.as<std::uint8_t>()[4 * at + k] = static_cast<std::uint8_t>(i);
    for (std::size_t k = 0; k < 2; ++k)
      parts.more[0].as<float>()[2 * at + k] = static_cast<float>(10 * i) + static_cast<float>(k);
    parts.y.as<std::int32_t>()[at] = static_cast<std::int32_t>(i % 3);
  }
  return parts;
}

TEST(SeveralInputs, OfASetAreCutByRangesTogether) {
  const Dataset set = Dataset(several(9)).range(4, 7);
  ASSERT_EQ(set.inputs(), 2u);
  EXPECT_EQ(set.input(0).as<std::uint8_t>()[0], 4);
  EXPECT_EQ(set.input(1).shape, (Shape{3, 2}));
  EXPECT_EQ(set.input(1).as<float>()[1], 41);
  EXPECT_EQ(set.sample_shape_of(1), Shape{2});
}

TEST(SeveralInputs, OfASetMustFitEachOther) {
  const auto refusal = [](const std::function<void(Dataset::Parts&)>& change) {
    Dataset::Parts parts = several(4);
    change(parts);
    return error_of([&] { Dataset(std::move(parts)); });
  };
  EXPECT_SAYS(refusal([](auto& parts) {
                parts.more[0] = Tensor({3, 2}, DType::float32);
              }),
              "expected as many samples of age as of image (4), received 3");
  EXPECT_SAYS(refusal([](auto& parts) { parts.input_names = {"image"}; }), "expected names of 2 inputs");
  EXPECT_SAYS(refusal([](auto& parts) { parts.more[0] = Tensor({4, 2}, DType::int32); }), "uint8 or float32");
  EXPECT_SAYS(refusal([](auto& parts) { parts.more[0].template as<float>()[5] = NAN; }),
              "finite numbers in age, received NaN in sample 2");
}

TEST(SeveralInputs, AllCountForTheFingerprint) {
  Dataset::Parts other = several(4);
  other.more[0].as<float>()[3] += 1;
  EXPECT_NE(Dataset(several(4)).fingerprint(), Dataset(std::move(other)).fingerprint());
  EXPECT_EQ(Dataset(several(4)).fingerprint(), Dataset(several(4)).fingerprint());
}

TEST(SeveralInputs, StayWithTheirSampleInShuffledBatches) {
  const Dataset set(several(23));
  Batches batches(set, {.batch_size = 5, .seed = 3, .across_epochs = true});
  for (int step = 0; step < 12; ++step) {
    const Batch& batch = batches.next();
    ASSERT_EQ(batch.more.size(), 1u);
    for (std::size_t row = 0; row < 5; ++row) {
      const float i = batch.x.as<float>()[4 * row];
      EXPECT_EQ(batch.input(1).as<float>()[2 * row], 10 * i);
      EXPECT_EQ(batch.labels.as<std::int32_t>()[row], static_cast<std::int32_t>(i) % 3);
    }
  }
}

TEST(SeveralInputs, AreAugmentedInTheFirstUnlessOthersAreImages) {
  const Augmentation flips{.flip = true};
  EXPECT_EQ(error_of([&] { Batches(Dataset(several(6)), {.batch_size = 2, .augmentation = flips}); }), "");
  Dataset::Parts images = several(6);
  images.more[0] = Tensor({6, 2, 2, 1}, DType::float32);
  EXPECT_SAYS(error_of([&] { Batches(Dataset(std::move(images)), {.batch_size = 2, .augmentation = flips}); }),
              "augmentation: expected images in the first input alone, received others in \"age\"");
}

TEST(SeveralInputs, KeepTheOthersWhereTheFirstIsResized) {
  const Dataset larger = resized(Dataset(several(5)), 4, 4);
  EXPECT_EQ(larger.sample_shape(), (Shape{4, 4, 1}));
  EXPECT_EQ(larger.input(1).as<float>()[9], 41);
  EXPECT_EQ(larger.class_names().size(), 3u);
}

const std::vector<ArrayOptions::Input> kInputs = {{"left_image", {2, 2, 1}}, {"age", {2}}};

Dataset load(const std::vector<formats::NpzEntry>& arrays, const std::vector<ArrayOptions::Input>& inputs = kInputs,
             const std::string& split = {}) {
  const TestFolder folder;
  formats::write_npz(folder / "set.npz", arrays);
  return load_npz_dataset(folder / "set.npz", {.inputs = inputs}, split);
}

TEST(NpzDataset, HasSeveralInputsAsArraysOfTheirNames) {
  const Tensor image({3, 2, 2, 1}, DType::uint8), age = tensor_of<float>({3, 2}, {1, 2, 3, 4, 5, 6}),
                                                  y = tensor_of<std::int64_t>({3}, {0, 1, 0});
  const Dataset set = load({{"age", age}, {"y", y}, {"unrelated", y}, {"left_image", image}});
  EXPECT_EQ(set.input_names(), (std::vector<std::string>{"left_image", "age"}));
  EXPECT_EQ(set.sample_shape(), (Shape{2, 2, 1}));
  EXPECT_EQ(set.input(1).as<float>()[4], 5);
  EXPECT_TRUE(set.has_labels());
}

TEST(NpzDataset, KnowsTheSplitsOfSeveralInputs) {
  const Tensor two({2, 2, 2, 1}, DType::uint8), one({1, 2, 2, 1}, DType::uint8), ages({2, 2}, DType::float32),
      age({1, 2}, DType::float32), labels({2}, DType::int32), label({1}, DType::int32);
  const std::vector<formats::NpzEntry> arrays = {{"left_image_train", two}, {"train_age", ages}, {"y_train", labels},
                                                 {"left_image_test", one},  {"test-age", age},   {"y_test", label}};
  EXPECT_EQ(load(arrays, kInputs, "train").size(), 2);
  EXPECT_EQ(load(arrays, kInputs, "test").size(), 1);
  EXPECT_TRUE(load(arrays, kInputs, "test").has_labels());
}

TEST(NpzDataset, NamesTheArraysThatSeveralInputsNeed) {
  EXPECT_SAYS(error_of([] {
                load({{"x", Tensor({3, 2, 2, 1}, DType::uint8)}, {"y", Tensor({3}, DType::int32)}});
              }),
              "expected the arrays left_image [N, 2, 2, 1], age [N, 2], for the model's inputs, received x, y");
}

TEST(NpzDataset, HasTheArrayNamedAsTheOnlyInput) {
  const Tensor signal = tensor_of<float>({2, 3}, {1, 2, 3, 4, 5, 6}), other({2, 3}, DType::float32);
  const Dataset set = load({{"other", other}, {"signal", signal}, {"y", Tensor({2}, DType::int32)}}, {{"signal", {3}}});
  EXPECT_EQ(set.x().as<float>()[5], 6);
  EXPECT_EQ(load({{"x", signal}}, {{"signal", {3}}}).x().as<float>()[5], 6);
}

TEST(NpzDataset, LeavesTheAxesOfSamplesThatHaveTheInputsShape) {
  const Tensor sequences({2, 5, 3}, DType::float32);
  EXPECT_EQ(load({{"x", sequences}}, {{"input", {5, 3}}}).sample_shape(), (Shape{5, 3}));
  EXPECT_EQ(load({{"x", sequences}}, {{"input", {5, 3, 1}}}).sample_shape(), (Shape{5, 3, 1}));
}

}  // namespace
}  // namespace evenkeel
