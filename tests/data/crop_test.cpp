#include <fmt/format.h>

#include "evenkeel/data/resize.h"
#include "evenkeel/formats/npz.h"
#include "tests/data/helpers.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

/// What Pillow and torchvision make of images of 8 bits (tools/golden/make_crops.py).
auto crops() { return formats::read_npz(std::string(EVENKEEL_SOURCE_DIR) + "/tests/data/fixtures/crops.npz"); }

void expect_same_pixels(const Tensor& ours, const Tensor& theirs, const std::string& what) {
  ASSERT_EQ(ours.shape(), theirs.shape()) << what;
  const auto a = ours.as<std::uint8_t>(), b = theirs.as<std::uint8_t>();
  EXPECT_TRUE(std::ranges::equal(a, b)) << what;
}

class Crop : public testing::TestWithParam<const char*> {};

TEST_P(Crop, ResizedPixelsAreThoseOfPillowBitForBit) {
  const auto arrays = crops();
  const std::string name = GetParam();
  if (name == "high") {  // Pillow 13 takes the columns of this image first, and so rounds otherwise
    const Tensor ours = resized(arrays.at(name), 17, 23);
    const auto a = ours.as<std::uint8_t>(), b = arrays.at(name + "-resized").as<std::uint8_t>();
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_LE(std::abs(int{a[i]} - int{b[i]}), 1) << i;
    return;
  }
  expect_same_pixels(resized(arrays.at(name), 17, 23), arrays.at(name + "-resized"), name);
}

TEST_P(Crop, ShorterSideAndMiddleAreThoseOfTorchvision) {
  const auto arrays = crops();
  const std::string name = GetParam();
  for (const auto& [key, expected] : arrays) {
    if (!key.starts_with(name + '-') || key.ends_with("resized")) continue;
    const std::int64_t side = std::stoll(key.substr(name.size() + 1)), crop = expected.shape()[0];
    const Tensor& x = arrays.at(name);
    const auto [height, width] = size_of_shorter_side(x.shape()[0], x.shape()[1], side);
    expect_same_pixels(centre_crop(resized(x, height, width), crop, crop), expected, key);
  }
}

INSTANTIATE_TEST_SUITE_P(Images, Crop, testing::Values("wide", "high", "odd", "larger"),
                         [](const auto& test) { return std::string(test.param); });

TEST(CentreCrop, OfAnImageThatIsTooSmallIsRefused) {
  EXPECT_SAYS(error_of([] { centre_crop(Tensor({4, 9, 3}, DType::uint8), 5, 5); }), "at least 5 x 5");
}

TEST(CroppedSet, KeepsTheMiddleOfEachImage) {
  Tensor x({2, 3, 5, 1}, DType::uint8);
  for (std::size_t i = 0; i < 30; ++i) x.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(i);
  const Dataset set({.name = "set", .x = std::move(x), .y = {}, .class_names = {}});
  const Dataset middle = cropped(set, 0, 1, 1);
  EXPECT_EQ(middle.x().as<std::uint8_t>()[0], 7);
  EXPECT_EQ(middle.x().as<std::uint8_t>()[1], 22);
}

}  // namespace
}  // namespace evenkeel
