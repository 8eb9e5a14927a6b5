#include "evenkeel/data/npz_dataset.h"

#include <cmath>

#include "evenkeel/formats/npz.h"
#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

/// Loads a file of these two arrays.
Dataset load(const Tensor& x, const Tensor& y) {
  TestFolder folder;
  formats::write_npz(folder / "set.npz", {{"x", x}, {"y", y}});
  return load_npz_dataset(folder / "set.npz");
}

std::string refusal(const Tensor& x, const Tensor& y) {
  return error_of([&] { load(x, y); });
}

Tensor two_samples() { return tensor_of<float>({2, 3}, {1, 2, 3, 4, 5, 6}); }
Tensor two_labels() { return tensor_of<std::int32_t>({2}, {1, 0}); }

TEST(NpzDataset, ReadsFeaturesAndLabels) {
  const Dataset set = load(two_samples(), two_labels());
  EXPECT_EQ(set.x().shape, (Shape{2, 3}));
  EXPECT_EQ(set.x().as<float>()[5], 6);
  EXPECT_TRUE(set.has_labels());
  EXPECT_EQ(set.classes(), 2);
}

TEST(NpzDataset, ReadsImagesOfBytes) {
  const Dataset set = load(Tensor({2, 4, 5, 3}, DType::uint8), two_labels());
  EXPECT_EQ(set.sample_shape(), (Shape{4, 5, 3}));
  EXPECT_EQ(set.x().dtype, DType::uint8);
}

TEST(NpzDataset, ReadsLabelsOfEveryIntegerType) {
  EXPECT_EQ(load(two_samples(), tensor_of<std::int64_t>({2}, {7, 1})).y().as<std::int32_t>()[0], 7);
  EXPECT_EQ(load(two_samples(), tensor_of<std::uint8_t>({2}, {7, 1})).y().as<std::int32_t>()[0], 7);
}

TEST(NpzDataset, ReadsTargets) {
  const Dataset set = load(two_samples(), tensor_of<float>({2, 1}, {0.5f, -1}));
  EXPECT_FALSE(set.has_labels());
  EXPECT_EQ(set.y().as<float>()[1], -1);
}

TEST(NpzDataset, MayLackTargets) {
  TestFolder folder;
  formats::write_npz(folder / "set.npz", {{"x", two_samples()}});
  EXPECT_FALSE(load_npz_dataset(folder / "set.npz").has_targets());
}

TEST(NpzDataset, IgnoresOtherArrays) {
  TestFolder folder;
  formats::write_npz(folder / "set.npz", {{"x", two_samples()}, {"z", Tensor({5}, DType::float64)}});
  EXPECT_EQ(load_npz_dataset(folder / "set.npz").size(), 2);
}

TEST(NpzDataset, RefusesAFileWithoutX) {
  TestFolder folder;
  formats::write_npz(folder / "set.npz", {{"images", two_samples()}});
  EXPECT_SAYS(error_of([&] { load_npz_dataset(folder / "set.npz"); }), "set.npz: no array \"x\". Write the file with");
}

TEST(NpzDataset, RefusesImagesWithoutAChannelAxisAndTellsHowToAddIt) {
  EXPECT_SAYS(refusal(Tensor({2, 4, 5}, DType::uint8), two_labels()),
              "received [2, 4, 5]. Give gray images a channel axis");
}

TEST(NpzDataset, RefusesXOfOneAxis) {
  EXPECT_SAYS(refusal(tensor_of<float>({2}, {1, 2}), two_labels()), "x[:, np.newaxis]");
}

TEST(NpzDataset, RefusesXOfFiveAxes) {
  EXPECT_SAYS(refusal(Tensor({2, 1, 1, 1, 1}, DType::uint8), two_labels()), "received [2, 1, 1, 1, 1]");
}

TEST(NpzDataset, RefusesXOfFloat64AndTellsHowToStoreIt) {
  EXPECT_SAYS(refusal(Tensor({2, 3}, DType::float64), two_labels()), "received float64. Store x.astype(np.float32)");
}

TEST(NpzDataset, RefusesLabelsInAColumnAndTellsHowToTakeIt) {
  EXPECT_SAYS(refusal(two_samples(), tensor_of<std::int64_t>({2, 1}, {1, 0})),
              "received int64 [2, 1]. Store labels without");
}

TEST(NpzDataset, RefusesOneHotIntegersAndTellsHowToStoreThem) {
  EXPECT_SAYS(refusal(two_samples(), Tensor({2, 4}, DType::uint8)), "y.argmax(axis=1)");
}

TEST(NpzDataset, RefusesFloatLabelsAndTellsHowToStoreThem) {
  EXPECT_SAYS(refusal(two_samples(), tensor_of<float>({2}, {1, 0})), "y.astype(np.int32)");
}

TEST(NpzDataset, RefusesTargetsOfFloat64AndTellsHowToStoreThem) {
  EXPECT_SAYS(refusal(two_samples(), Tensor({2, 4}, DType::float64)), "Store y.astype(np.float32)");
}

TEST(NpzDataset, RefusesALabelThatDoesNotFit) {
  EXPECT_SAYS(refusal(two_samples(), tensor_of<std::int64_t>({2}, {0, std::int64_t{1} << 31})),
              "labels below 2^31, received 2147483648 in sample 1");
}

TEST(NpzDataset, RefusesANegativeLabel) {
  EXPECT_SAYS(refusal(two_samples(), tensor_of<std::int64_t>({2}, {0, -1})), "received -1 in sample 1");
}

TEST(NpzDataset, RefusesMoreLabelsThanSamples) {
  EXPECT_SAYS(refusal(two_samples(), tensor_of<std::int32_t>({3}, {0, 1, 0})),
              "as many labels as samples (2), received 3");
}

TEST(NpzDataset, RefusesAnEmptyY) {
  EXPECT_SAYS(refusal(two_samples(), Tensor({0}, DType::int32)), "or no y at all, received int32 [0]");
}

TEST(NpzDataset, RefusesAnEmptyX) {
  EXPECT_SAYS(refusal(Tensor({0, 3}, DType::float32), Tensor({0}, DType::int32)), "expected at least one sample");
}

TEST(NpzDataset, RefusesNan) {
  Tensor x = two_samples();
  x.as<float>()[4] = std::nanf("");
  EXPECT_SAYS(refusal(x, two_labels()), "received nan in sample 1");
}

TEST(NpzDataset, RefusesAFileThatIsNotThere) {
  EXPECT_SAYS(error_of([] { load_npz_dataset("/nowhere/set.npz"); }), "/nowhere/set.npz");
}

TEST(NpzDataset, RefusesAFileThatIsNoZip) {
  TestFolder folder;
  write_bytes(folder / "set.npz", {1, 2, 3});
  EXPECT_SAYS(error_of([&] { load_npz_dataset(folder / "set.npz"); }), "set.npz");
}

}  // namespace
}  // namespace evenkeel
