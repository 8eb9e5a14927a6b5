#include "evenkeel/kernels/pooling/pooling.h"

#include <algorithm>
#include <array>
#include <limits>

#include "evenkeel/kernels/pooling/pooling_reference.h"
#include "tests/kernels/convolution_cases.h"
#include "tests/kernels/kernel_test.h"

namespace evenkeel::kernels {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

using Sides = std::array<std::int64_t, 2>;

/// With so many rows and columns of padding at the start, and an output of that size.
Window padded(std::int64_t n, Sides image, std::int64_t c, Sides kernel, Sides stride, Sides before, Sides out) {
  return {.n = n,
          .h = image[0],
          .w = image[1],
          .c = c,
          .kernel_h = kernel[0],
          .kernel_w = kernel[1],
          .stride_h = stride[0],
          .stride_w = stride[1],
          .pad_top = before[0],
          .pad_left = before[1],
          .oh = out[0],
          .ow = out[1]};
}

/// Tiling, overlap, gaps, padding at either end, odd sizes, one image, global pooling.
std::vector<Window> windows() {
  std::vector<Window> all;
  for (const std::int64_t c : {1, 3, 4, 5, 16, 17, 30, 76}) {
    const auto add = [&](std::int64_t n, std::array<std::int64_t, 2> image, std::array<std::int64_t, 2> kernel,
                         std::array<std::int64_t, 2> stride, Pad pad = Pad::valid) {
      all.push_back(make_case(n, image, c, c, kernel, stride, pad).window);
    };
    add(3, {8, 6}, {2, 2}, {2, 2});
    add(3, {7, 9}, {2, 2}, {2, 2}, Pad::same);
    add(2, {7, 5}, {3, 3}, {1, 1}, Pad::same);
    add(2, {9, 8}, {3, 2}, {2, 3});
    add(1, {9, 9}, {1, 1}, {3, 3});
    add(2, {7, 7}, {7, 7}, {1, 1});
    add(5, {40, 40}, {2, 2}, {2, 2});
    // Padding in numbers, and sizes rounded up, past the padding.
    all.push_back(padded(2, {9, 8}, c, {3, 3}, {2, 2}, {1, 1}, {5, 5}));
    all.push_back(padded(1, {7, 6}, c, {2, 3}, {2, 2}, {1, 0}, {4, 3}));
    all.push_back(padded(2, {7, 9}, c, {2, 2}, {2, 2}, {0, 0}, {4, 5}));
    all.push_back(padded(1, {5, 6}, c, {3, 3}, {1, 1}, {2, 1}, {6, 7}));
  }
  return all;
}

std::int64_t x_size(const Window& window) { return window.n * window.h * window.w * window.c; }
std::int64_t y_size(const Window& window) { return window.n * window.oh * window.ow * window.c; }

template <class Body>
void for_windows_and_threads(Body body) {
  for (const Window& window : windows())
    for (const int count : {1, 2, 3}) {
      SCOPED_TRACE(testing::Message() << window.n << "x" << window.h << "x" << window.w << "x" << window.c << " kernel "
                                      << window.kernel_h << "x" << window.kernel_w << " stride " << window.stride_h
                                      << "x" << window.stride_w << " on " << count);
      body(window, Threads(count));
    }
}

/// Whole numbers from -2 to 2, so that most windows hold their maximum more than once.
std::vector<float> values_with_ties(std::int64_t n) {
  std::vector<float> values = normal_values(n, 1);
  for (float& value : values) value = std::clamp(std::round(value), -2.0f, 2.0f);
  return values;
}

std::vector<float> zeros(std::int64_t n) { return std::vector<float>(static_cast<std::size_t>(n)); }
std::vector<float> poison(std::int64_t n) { return std::vector<float>(static_cast<std::size_t>(n), kNaN); }

class Pooling : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(Pooling);

TEST_P(Pooling, MaximumIsThatOfTheReference) {
  for_windows_and_threads([](const Window& window, const Threads& threads) {
    const std::vector<float> x = normal_values(x_size(window), 2, -3);  // below 0, where padding must not win
    std::vector<float> y = poison(y_size(window)), expected = zeros(y_size(window));
    max_pool(window, x, y, threads);
    reference::max_pool<float>(window, x, expected);
    EXPECT_EQ(y, expected);
  });
}

TEST_P(Pooling, MaximumOfAWindowWithNaNIsNaN) {
  const Window window{
      .n = 1, .h = 6, .w = 6, .c = 17, .kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2, .oh = 3, .ow = 3};
  for (const std::int64_t place : {0, 1, 6, 7}) {  // each of the four of the first window, in channel 16
    std::vector<float> x = normal_values(x_size(window), 3);
    x[static_cast<std::size_t>(place * 17 + 16)] = kNaN;
    std::vector<float> y = zeros(y_size(window));
    max_pool(window, x, y, Threads(1));
    for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(std::isnan(y[i]), i == 16) << i;
  }
}

TEST_P(Pooling, GradientOfTheMaximumGoesToTheFirstOfEqualElements) {
  for_windows_and_threads([](const Window& window, const Threads& threads) {
    const std::vector<float> x = values_with_ties(x_size(window)), dy = normal_values(y_size(window), 4);
    std::vector<float> y = zeros(y_size(window)), dx = poison(x_size(window));
    max_pool(window, x, y, threads);
    max_pool_gradient(window, x, y, dy, dx, threads);
    std::vector<double> expected(x.size());
    reference::max_pool_gradient<double>(window, in_double(x), in_double(y), in_double(dy), expected);
    // Up to 49 windows add up in fp32, each at most 5.
    EXPECT_TRUE(agrees(dx, expected, {.absolute = 50 * kRounding}));
  });
}

TEST_P(Pooling, AverageIsThatOfTheReference) {
  for_windows_and_threads([](const Window& window, const Threads& threads) {
    const std::vector<float> x = normal_values(x_size(window), 5);
    std::vector<float> y = poison(y_size(window));
    average_pool(window, x, y, threads);
    std::vector<double> expected(y.size());
    reference::average_pool<double>(window, in_double(x), expected);
    // Sums of up to 49 terms in fp32, divided by their number.
    EXPECT_TRUE(agrees(y, expected, {.relative = kRounding, .absolute = 10 * kRounding}));
  });
}

TEST_P(Pooling, AverageDoesNotCountPadding) {
  const Window window{
      .n = 1, .h = 3, .w = 3, .c = 1, .kernel_h = 2, .kernel_w = 2, .stride_h = 2, .stride_w = 2, .oh = 2, .ow = 2};
  const std::vector<float> x(9, 1.0f);
  std::vector<float> y = zeros(4);
  average_pool(window, x, y, Threads(1));
  EXPECT_EQ(y, (std::vector<float>{1, 1, 1, 1}));
}

TEST_P(Pooling, GradientOfTheAverageIsThatOfTheReference) {
  for_windows_and_threads([](const Window& window, const Threads& threads) {
    const std::vector<float> dy = normal_values(y_size(window), 6);
    std::vector<float> dx = poison(x_size(window));
    average_pool_gradient(window, dy, dx, threads);
    std::vector<double> expected(dx.size());
    reference::average_pool_gradient<double>(window, in_double(dy), expected);
    EXPECT_TRUE(agrees(dx, expected, {.relative = kRounding, .absolute = 20 * kRounding}));
  });
}

}  // namespace
}  // namespace evenkeel::kernels
