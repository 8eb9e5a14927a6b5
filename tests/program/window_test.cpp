#include "evenkeel/program/ops/window.h"

#include <gtest/gtest.h>

#include "evenkeel/program/ops/pooling.h"
#include "tests/support/testing.h"

namespace evenkeel::ops {
namespace {

kernels::Window over(std::int64_t h, std::int64_t w, const WindowOptions& options) {
  return window_over({2, h, w, 3}, options);
}

TEST(Window, OfNumbersOnEachSideHasTheSizesOfPyTorch) {
  const kernels::Window resnet = over(224, 224, {.kernel = 7, .strides = 2, .padding = 3});
  EXPECT_EQ(resnet.oh, 112);
  EXPECT_EQ(resnet.pad_top, 3);
  EXPECT_EQ(resnet.pad_bottom(), 2);  // the third row at the end is in no window
  const kernels::Window uneven = over(5, 6, {.kernel = {3, 2}, .strides = 1, .padding = {0, 1, 2, 0}});
  EXPECT_EQ(uneven.oh, 4);
  EXPECT_EQ(uneven.ow, 7);
  EXPECT_EQ(uneven.pad_left, 2);
  EXPECT_EQ(uneven.pad_right(), 0);
}

TEST(Window, WithDilationCountsTheGaps) {
  const kernels::Window valid = over(9, 8, {.kernel = 3, .strides = 1, .dilation = {4, 2}});
  EXPECT_EQ(valid.oh, 1);
  EXPECT_EQ(valid.ow, 4);
  const kernels::Window same = over(9, 8, {.kernel = 3, .strides = 2, .padding = Padding::same, .dilation = {4, 2}});
  EXPECT_EQ(same.oh, 5);
  EXPECT_EQ(same.ow, 4);
  EXPECT_EQ(same.pad_top, 4);   // 4 * 2 + 9 - 9 = 8
  EXPECT_EQ(same.pad_left, 1);  // 3 * 2 + 5 - 8 = 3
  EXPECT_EQ(same.pad_right(), 2);
}

TEST(Window, RoundsItsOutputUpIfTheLastWindowStartsInsideTheImageOrThePaddingBeforeIt) {
  const auto rows = [](std::int64_t size, const WindowOptions& options) { return over(size, 9, options).oh; };
  EXPECT_EQ(rows(6, {.kernel = 3, .strides = 2}), 2);
  EXPECT_EQ(rows(6, {.kernel = 3, .strides = 2, .ceil_mode = true}), 3);
  EXPECT_EQ(rows(7, {.kernel = 3, .strides = 2, .ceil_mode = true}), 3);
  EXPECT_EQ(rows(4, {.kernel = 1, .strides = 3, .padding = 0, .ceil_mode = true}), 2);
  EXPECT_EQ(rows(5, {.kernel = 2, .strides = 3, .padding = 1, .ceil_mode = true}), 2);  // a third would start at 5
  EXPECT_EQ(rows(2, {.kernel = 3, .strides = 2, .ceil_mode = true}), 1);
}

TEST(Window, HasTheTapsThatAreInsideTheImage) {
  const kernels::Window at = over(6, 6, {.kernel = 3, .strides = 2, .padding = 3, .dilation = 2});
  EXPECT_EQ(at.row_taps(0).begin, 2);  // rows -3, -1, 1
  EXPECT_EQ(at.row_taps(0).end, 3);
  EXPECT_EQ(at.row_taps(2).begin, 0);  // rows 1, 3, 5
  EXPECT_EQ(at.row_taps(2).end, 3);
  EXPECT_EQ(at.row_taps(3).end, 2);  // rows 3, 5, 7
}

TEST(Window, ThatFitsNowhereSaysWhatWouldFit) {
  EXPECT_SAYS(error_of([] { over(4, 4, {.kernel = 3, .strides = 1, .dilation = 2}); }),
              "images of at least 5x5, the size of the window with its dilation");
  EXPECT_SAYS(error_of([] { over(2, 9, {.kernel = 5, .strides = 1, .padding = 1}); }),
              "images of at least 3x3, the size of the window less the padding");
  EXPECT_SAYS(error_of([] {
                over(9, 9, {.kernel = 3, .strides = 1, .padding = {0, -1, 0, 0}});
              }),
              "numbers of at least 0");
}

TEST(Pooling, RefusesAWindowThatMayLieInThePaddingAlone) {
  const TensorType x{{1, 4, 4, 2}, DType::float32};
  EXPECT_SAYS(error_of([&] {
                MaxPool({.kernel = 2, .strides = 1, .padding = 2}).infer({&x, 1});
              }),
              "padding below the kernel");
}

TEST(Window, IsWrittenAsItsOptionsDifferFromTheUsual) {
  EXPECT_EQ(to_string(WindowOptions{.kernel = 3, .strides = 1}), "3x3 valid");
  EXPECT_EQ(to_string(WindowOptions{.kernel = 3, .strides = {1, 2}, .padding = {1, 2}, .dilation = 2}),
            "3x3 stride 1x2 dilation 2 padding [1, 2]");
  EXPECT_EQ(to_string(WindowOptions{.kernel = 3, .strides = 2, .padding = 1, .ceil_mode = true}),
            "3x3 stride 2 padding 1 rounded up");
}

}  // namespace
}  // namespace evenkeel::ops
