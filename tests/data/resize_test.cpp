#include "evenkeel/data/resize.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "evenkeel/formats/npz.h"
#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

/// What torch makes of `x` (tools/golden/make_resize.py).
auto golden() { return formats::read_npz(std::string(EVENKEEL_SOURCE_DIR) + "/tests/data/fixtures/resize.npz"); }

double largest_difference(TensorView a, TensorView b) {
  double most = 0;
  for (std::size_t i = 0; i < a.as<float>().size(); ++i)
    most = std::max(most, std::abs(double{a.as<float>()[i]} - double{b.as<float>()[i]}));
  return most;
}

class Resize : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(Resize, IsWhatTorchDoes) {
  const auto [height, width] = GetParam();
  const auto arrays = golden();
  const Tensor& expected = arrays.at(fmt::format("{}x{}", height, width));
  const Tensor result = resized(arrays.at("x"), height, width);
  ASSERT_EQ(result.shape(), expected.shape());
  EXPECT_LT(largest_difference(result, expected), 1e-4);
}

// Pillow rounds rows to pixels, and then columns.
TEST_P(Resize, RoundsPixelsTwice) {
  const auto [height, width] = GetParam();
  const Tensor image = golden().at("x").clone();
  const Tensor exact = resized(image, height, width);
  const Tensor rounded = converted(resized(converted(image, DType::uint8), height, width), DType::float32);
  EXPECT_LE(largest_difference(rounded, exact), 1.0 + 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Sizes, Resize,
                         testing::Values(std::pair(7, 11), std::pair(3, 4), std::pair(14, 22), std::pair(2, 30),
                                         std::pair(20, 5), std::pair(1, 1)),
                         [](const auto& test) { return fmt::format("{}x{}", test.param.first, test.param.second); });

TEST(ResizeMethods, AreWhatOtherProgramsDo) {
  const Tensor x = golden().at("x").clone();
  const auto others = formats::read_npz(std::string(EVENKEEL_SOURCE_DIR) + "/tests/data/fixtures/resize_methods.npz");
  const std::map<std::string, ResizeMethod> methods = {{"bilinear", ResizeMethod::bilinear},
                                                       {"corners", ResizeMethod::corners},
                                                       {"nearest", ResizeMethod::nearest},
                                                       {"nearest_before", ResizeMethod::nearest_before},
                                                       {"area", ResizeMethod::area}};
  ASSERT_EQ(std::size(kOtherResizeMethods), methods.size());
  for (const auto& [name, expected] : others) {
    const Shape shape = expected.shape();
    const Tensor result = resized(x, shape[0], shape[1], methods.at(name.substr(0, name.find('-'))));
    EXPECT_LT(largest_difference(result, expected), 1e-3) << name;
  }
}

TEST(ResizedSet, KeepsLabelsNamesAndOrder) {
  Tensor x({2, 4, 4, 1}, DType::uint8);
  std::ranges::fill(x.as<std::uint8_t>().subspan(16), std::uint8_t{200});
  const Dataset set(
      {.name = "set", .x = std::move(x), .y = tensor_of<std::int32_t>({2}, {1, 0}), .class_names = {"a", "b"}});
  const Dataset small = resized(set, 2, 3);
  EXPECT_EQ(small.x().shape, (Shape{2, 2, 3, 1}));
  EXPECT_EQ(small.x().as<std::uint8_t>()[5], 0);
  EXPECT_EQ(small.x().as<std::uint8_t>()[6], 200);
  EXPECT_EQ(small.y().as<std::int32_t>()[0], 1);
  EXPECT_EQ(small.class_names(), set.class_names());
}

TEST(ResizedSet, OfTheRightSizeIsTheSetItself) {
  const Dataset set({.name = "set", .x = Tensor({2, 4, 4, 1}, DType::uint8), .y = {}, .class_names = {}});
  EXPECT_EQ(resized(set, 4, 4).x().data, set.x().data);
}

TEST(ResizedImage, RefusesToBeEmpty) {
  EXPECT_SAYS(error_of([] { resized(Tensor({4, 4, 1}, DType::uint8), 0, 4); }), "1 or more, received 0 x 4");
}

TEST(ResizedImage, RefusesWhatIsNoImage) {
  EXPECT_SAYS(error_of([] { resized(Tensor({4, 4}, DType::uint8), 2, 2); }), "an image [H, W, C]");
  EXPECT_SAYS(error_of([] { resized(Tensor({4, 4, 1}, DType::int32), 2, 2); }), "received int32");
}

}  // namespace
}  // namespace evenkeel
