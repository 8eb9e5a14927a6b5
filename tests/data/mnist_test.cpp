#include "evenkeel/data/mnist.h"

#include "evenkeel/data/sources.h"
#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

constexpr std::uint32_t kPixels = 28 * 28;

/// Both files of the test split with these labels; image i is all i.
void write_test_split(const TestFolder& folder, const std::vector<std::uint8_t>& labels) {
  const auto n = static_cast<std::uint32_t>(labels.size());
  std::vector<std::uint8_t> pixels;
  for (std::uint32_t i = 0; i < n; ++i) pixels.insert(pixels.end(), kPixels, static_cast<std::uint8_t>(i));
  write_idx(folder / "t10k-images-idx3-ubyte", {n, 28, 28}, pixels);
  write_idx(folder / "t10k-labels-idx1-ubyte", {n}, labels);
}

TEST(Mnist, ReadsImagesWithAChannelAndTheirLabels) {
  TestFolder folder;
  write_test_split(folder, {7, 2, 1});
  const Dataset set = load_mnist(folder.path(), true);
  EXPECT_EQ(set.x().shape, (Shape{3, 28, 28, 1}));
  EXPECT_EQ(set.x().as<std::uint8_t>()[2 * kPixels], 2);
  EXPECT_EQ(set.y().as<std::int32_t>()[0], 7);
  EXPECT_EQ(set.name(), "mnist:test");
}

TEST(Mnist, HasTenClassesWhateverTheLabels) {
  TestFolder folder;
  write_test_split(folder, {0});
  EXPECT_EQ(load_mnist(folder.path(), true).classes(), 10);
}

TEST(Mnist, NamesItsClassesByTheirDigits) {
  TestFolder folder;
  write_test_split(folder, {0});
  EXPECT_EQ(load_mnist(folder.path(), true).class_names().at(9), "9");
}

TEST(FashionMnist, HasThePublishedClassNames) {
  TestFolder folder;
  write_test_split(folder, {0});
  const Dataset set = load_fashion_mnist(folder.path(), true);
  EXPECT_EQ(set.class_names().front(), "T-shirt/top");
  EXPECT_EQ(set.class_names().back(), "Ankle boot");
  EXPECT_EQ(set.name(), "fashion-mnist:test");
}

TEST(Mnist, DoesNotAskForTheOtherSplit) {
  TestFolder folder;
  write_test_split(folder, {0});
  EXPECT_SAYS(error_of([&] { load_mnist(folder.path(), false); }), "train-images-idx3-ubyte.gz or");
}

TEST(Mnist, SaysWhichFilesItNeedsAndWhere) {
  TestFolder folder;
  const std::string error = error_of([&] { load_mnist(folder.path(), true); });
  EXPECT_SAYS(error, folder.path().string() + ": expected t10k-images-idx3-ubyte.gz or t10k-images-idx3-ubyte");
  for (const std::string& name : mnist_files()) EXPECT_SAYS(error, name);
}

TEST(Mnist, RefusesMoreLabelsThanImages) {
  TestFolder folder;
  write_test_split(folder, {1, 2, 3});
  write_idx(folder / "t10k-labels-idx1-ubyte", {4}, {1, 2, 3, 4});
  EXPECT_SAYS(error_of([&] { load_mnist(folder.path(), true); }), "as many labels as samples (3), received 4");
}

TEST(Mnist, RefusesALabelThatIsNoDigit) {
  TestFolder folder;
  write_test_split(folder, {1, 10});
  EXPECT_SAYS(error_of([&] { load_mnist(folder.path(), true); }), "labels from 0 to 9, received 10 in sample 1");
}

TEST(Mnist, RefusesImagesOfAnotherSize) {
  TestFolder folder;
  write_test_split(folder, {1});
  write_idx(folder / "t10k-images-idx3-ubyte", {1, 28, 14}, std::vector<std::uint8_t>(kPixels / 2));
  EXPECT_SAYS(error_of([&] { load_mnist(folder.path(), true); }), "images of 28x28 pixels, received 28x14");
}

TEST(Mnist, RefusesLabelsInPlaceOfImages) {
  TestFolder folder;
  write_test_split(folder, {1});
  write_idx(folder / "t10k-images-idx3-ubyte", {1}, {1});
  EXPECT_SAYS(error_of([&] { load_mnist(folder.path(), true); }), "images, uint8 [N, 28, 28], received uint8 [1]");
}

TEST(Mnist, RefusesATruncatedFileByName) {
  TestFolder folder;
  write_test_split(folder, {1, 2});
  write_idx(folder / "t10k-images-idx3-ubyte", {2, 28, 28}, std::vector<std::uint8_t>(kPixels));
  EXPECT_SAYS(error_of([&] { load_mnist(folder.path(), true); }), "t10k-images-idx3-ubyte");
}

TEST(Mnist, RefusesAnEmptySet) {
  TestFolder folder;
  write_test_split(folder, {});
  EXPECT_SAYS(error_of([&] { load_mnist(folder.path(), true); }), "at least one sample");
}

/// The published MNIST, where this machine has it.
class PublishedMnist : public testing::Test {
 protected:
  void SetUp() override {
    const auto folder = find_source("mnist");
    if (!folder) GTEST_SKIP() << "MNIST is not on this machine";
    folder_ = *folder;
  }
  std::filesystem::path folder_;
};

std::vector<std::int32_t> first_labels(const Dataset& set) {
  const auto labels = set.y().as<std::int32_t>();
  return {labels.begin(), labels.begin() + 5};
}

TEST_F(PublishedMnist, HasItsTrainingSplit) {
  const Dataset set = load_mnist(folder_, false);
  EXPECT_EQ(set.x().shape, (Shape{60000, 28, 28, 1}));
  EXPECT_EQ(first_labels(set), (std::vector<std::int32_t>{5, 0, 4, 1, 9}));
}

TEST_F(PublishedMnist, HasItsTestSplit) {
  const Dataset set = load_mnist(folder_, true);
  EXPECT_EQ(set.x().shape, (Shape{10000, 28, 28, 1}));
  EXPECT_EQ(first_labels(set), (std::vector<std::int32_t>{7, 2, 1, 0, 4}));
}

}  // namespace
}  // namespace evenkeel
