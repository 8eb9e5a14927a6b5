#include "evenkeel/data/pixels.h"

#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

/// 2 x 3 pixels, numbered from 0 on.
Tensor numbered() { return tensor_of<std::uint8_t>({2, 3, 1}, {0, 1, 2, 3, 4, 5}); }

template <class T>
std::vector<int> values_of(const Tensor& image) {
  const auto values = image.as<T>();
  return {values.begin(), values.end()};
}

/// What one pixel becomes.
std::vector<int> pixel(std::initializer_list<std::uint8_t> values, std::int64_t channels) {
  const auto n = static_cast<std::int64_t>(values.size());
  return values_of<std::uint8_t>(with_channels(tensor_of<std::uint8_t>({1, 1, n}, values), channels));
}

TEST(Oriented, ShowsEachWayOfStoringUpright) {
  const std::vector<std::vector<int>> wanted = {{0, 1, 2, 3, 4, 5}, {2, 1, 0, 5, 4, 3}, {5, 4, 3, 2, 1, 0},
                                                {3, 4, 5, 0, 1, 2}, {0, 3, 1, 4, 2, 5}, {3, 0, 4, 1, 5, 2},
                                                {5, 2, 4, 1, 3, 0}, {2, 5, 1, 4, 0, 3}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Tensor image = oriented(numbered(), orientation);
    EXPECT_EQ(image.shape(), orientation <= 4 ? (Shape{2, 3, 1}) : (Shape{3, 2, 1}));
    EXPECT_EQ(values_of<std::uint8_t>(image), wanted[static_cast<std::size_t>(orientation - 1)]) << orientation;
  }
}

TEST(WithChannels, MakesGrayThreeEqualOnes) { EXPECT_EQ(pixel({7}, 3), (std::vector<int>{7, 7, 7})); }

TEST(WithChannels, MakesRgbItsLuminance) {
  EXPECT_EQ(pixel({255, 255, 255}, 1), (std::vector<int>{255}));
  EXPECT_EQ(pixel({255, 0, 0}, 1), (std::vector<int>{76}));
  EXPECT_EQ(pixel({0, 255, 0}, 1), (std::vector<int>{150}));
}

TEST(WithChannels, LaysAlphaOverWhite) {
  EXPECT_EQ(pixel({10, 20, 30, 0}, 3), (std::vector<int>{255, 255, 255}));
  EXPECT_EQ(pixel({10, 20, 30, 255}, 3), (std::vector<int>{10, 20, 30}));
  EXPECT_EQ(pixel({0, 51}, 1), (std::vector<int>{204}));
  EXPECT_EQ(pixel({0, 51}, 3), (std::vector<int>{204, 204, 204}));
}

TEST(WithChannels, KeepsOrAddsAlphaWhereItIsWanted) {
  EXPECT_EQ(pixel({10, 60}, 4), (std::vector<int>{10, 10, 10, 60}));
  EXPECT_EQ(pixel({10, 20, 30}, 4), (std::vector<int>{10, 20, 30, 255}));
}

TEST(WithChannels, LaysSixteenBitsOverTheirWhite) {
  const Tensor image = with_channels(tensor_of<float>({1, 1, 2}, {100, 0}), 1);
  EXPECT_EQ(values_of<float>(image), (std::vector<int>{65535}));
}

TEST(WithDepth, KeepsWhite) {
  EXPECT_EQ(values_of<float>(with_depth(tensor_of<std::uint8_t>({1, 2, 1}, {0, 255}), DType::float32)),
            (std::vector<int>{0, 65535}));
  EXPECT_EQ(values_of<std::uint8_t>(with_depth(tensor_of<float>({1, 3, 1}, {65535, 257, 128}), DType::uint8)),
            (std::vector<int>{255, 1, 0}));
}

}  // namespace
}  // namespace evenkeel
