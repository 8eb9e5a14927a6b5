#include "evenkeel/data/augmentation.h"

#include <algorithm>
#include <array>
#include <map>

#include "evenkeel/data/batches.h"
#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

/// n images [4, 6, 2] of uint8, no pixel 0 and all of an image different.
Dataset images(std::int64_t n) {
  Tensor x({n, 4, 6, 2}, DType::uint8);
  for (std::int64_t i = 0; i < x.shape().size(); ++i)
    x.as<std::uint8_t>()[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(1 + (i % 48 + i / 48 * 7) % 255);
  return Dataset({.name = "images", .x = std::move(x), .y = {}, .class_names = {}});
}
const Shape kShape = {4, 6, 2};

float value(TensorView image, std::int64_t y, std::int64_t x, std::int64_t c) {
  return static_cast<float>(image.as<std::uint8_t>()[static_cast<std::size_t>((y * 6 + x) * 2 + c)]);
}

/// What the variation must make of the image, said pixel by pixel.
std::vector<float> expected(TensorView image, const Variation& v) {
  std::vector<float> out;
  for (std::int64_t y = 0; y < 4; ++y)
    for (std::int64_t x = 0; x < 6; ++x)
      for (std::int64_t c = 0; c < 2; ++c) {
        const std::int64_t from_y = y + v.down, from_x = (v.mirrored ? 5 - x : x) + v.right;
        const bool inside = from_y >= 0 && from_y < 4 && from_x >= 0 && from_x < 6;
        const bool cut = y >= v.top && y < v.bottom && x >= v.left && x < v.edge;
        out.push_back(inside && !cut ? value(image, from_y, from_x, c) : 0.0f);
      }
  return out;
}

std::vector<float> varied(TensorView image, const Variation& v) {
  std::vector<float> out(48, -1.0f);
  write_varied(image, v, out.data());
  return out;
}

TEST(Variation, OfNothingIsTheImage) {
  const Dataset set = images(1);
  EXPECT_EQ(varied(set.x().reshaped(kShape), {}), expected(set.x(), {}));
}

TEST(Variation, MovesMirrorsAndCutsOut) {
  const Dataset set = images(1);
  for (const bool mirrored : {false, true})
    for (const std::int64_t down : {-4, -1, 0, 2, 4})
      for (const std::int64_t right : {-6, -2, 0, 1, 6}) {
        const Variation v{
            .mirrored = mirrored, .down = down, .right = right, .top = 1, .bottom = 3, .left = 0, .edge = 2};
        EXPECT_EQ(varied(set.x().reshaped(kShape), v), expected(set.x(), v)) << down << ' ' << right;
      }
}

TEST(Variation, OfFloatsIsThatOfBytes) {
  const Dataset set = images(1);
  const Variation v{.mirrored = true, .down = 1, .right = -2, .top = 0, .bottom = 2, .left = 3, .edge = 6};
  const Tensor floats = converted(set.x(), DType::float32);
  EXPECT_EQ(varied(floats.view().reshaped(kShape), v), varied(set.x().reshaped(kShape), v));
}

TEST(Variation, IsDrawnEvenly) {
  constexpr int kDraws = 8000;
  const Augmentation augmentation{.flip = true, .crop_padding = 2};
  int mirrored = 0;
  std::map<std::int64_t, int> down, right;
  for (int i = 0; i < kDraws; ++i) {
    const Variation v = variation_of(augmentation, kShape, 1, 0, i);
    mirrored += v.mirrored ? 1 : 0;
    ++down[v.down];
    ++right[v.right];
  }
  EXPECT_NEAR(mirrored, kDraws / 2, 230);  // five standard deviations
  ASSERT_EQ(down.size(), 5u);
  ASSERT_EQ(right.size(), 5u);
  for (std::int64_t shift = -2; shift <= 2; ++shift) {
    EXPECT_NEAR(down[shift], kDraws / 5, 180);
    EXPECT_NEAR(right[shift], kDraws / 5, 180);
  }
}

TEST(Variation, HasItsSquaresMiddleAnywhere) {
  std::map<std::pair<std::int64_t, std::int64_t>, int> squares;
  for (int i = 0; i < 2000; ++i) {
    const Variation v = variation_of({.cutout = 3}, kShape, 1, 0, i);
    ++squares[{v.top + v.bottom, v.left + v.edge}];
    EXPECT_GE(v.bottom - v.top, 2);
    EXPECT_LE(v.bottom - v.top, 3);
    EXPECT_TRUE(v.top >= 0 && v.bottom <= 4 && v.left >= 0 && v.edge <= 6);
  }
  EXPECT_EQ(squares.size(), 4u * 6u);
}

TEST(Variation, DependsOnSeedEpochAndSample) {
  const Augmentation augmentation{.flip = true, .crop_padding = 3};
  const auto draws = [&](std::uint64_t seed, std::int64_t epoch, std::int64_t first) {
    std::vector<std::int64_t> list;
    for (std::int64_t i = first; i < first + 20; ++i) {
      const Variation v = variation_of(augmentation, kShape, seed, epoch, i);
      list.insert(list.end(), {v.mirrored, v.down, v.right});
    }
    return list;
  };
  EXPECT_EQ(draws(0, 0, 0), draws(0, 0, 0));
  EXPECT_NE(draws(0, 0, 0), draws(1, 0, 0));
  EXPECT_NE(draws(0, 0, 0), draws(0, 1, 0));
  EXPECT_NE(draws(0, 0, 0), draws(0, 0, 20));
}

TEST(Variation, OfOneKindStaysWhenAnotherIsTurnedOn) {
  for (int i = 0; i < 20; ++i) {
    const Variation alone = variation_of({.flip = true}, kShape, 0, 0, i);
    const Variation together = variation_of({.flip = true, .crop_padding = 1, .cutout = 2}, kShape, 0, 0, i);
    EXPECT_EQ(alone.mirrored, together.mirrored);
  }
}

/// All x of the next batches, flat.
std::vector<float> take(Batches& batches, int count) {
  std::vector<float> all;
  for (int i = 0; i < count; ++i) {
    const Batch& batch = batches.next();
    const auto x = batch.x.as<float>();
    all.insert(all.end(), x.begin(), x.begin() + batch.size * 48);
  }
  return all;
}

constexpr Augmentation kAll{.flip = true, .crop_padding = 1, .cutout = 2};

TEST(AugmentedBatches, VaryTheSamplesOfTheOrder) {
  const Dataset set = images(5);
  Batches batches(set, {.batch_size = 5, .seed = 3, .augmentation = kAll});
  batches.next();
  const auto second = take(batches, 1);
  const auto order = epoch_order(5, 3, 1);
  for (std::size_t i = 0; i < 5; ++i) {
    const auto image = set.x().rows(order[i], order[i] + 1);
    const auto wanted = expected(image, variation_of(kAll, kShape, 3, 1, order[i]));
    EXPECT_TRUE(std::equal(wanted.begin(), wanted.end(), second.begin() + static_cast<std::ptrdiff_t>(i * 48))) << i;
  }
}

TEST(AugmentedBatches, GoOnAlikeFromAnyPosition) {
  for (const bool across : {false, true}) {
    const Dataset set = images(23);
    const BatchOptions options{.batch_size = 5, .seed = 3, .across_epochs = across, .augmentation = kAll};
    constexpr int kBatches = 12;
    for (int begin = 1; begin < kBatches; ++begin) {
      Batches whole(set, options);
      take(whole, begin - 1);
      Batches resumed(set, options, whole.next().after);
      EXPECT_EQ(take(resumed, kBatches - begin), take(whole, kBatches - begin)) << "behind batch " << begin;
    }
  }
}

TEST(AugmentedBatches, DoNotDependOnTheBatchSize) {
  Batches small(images(12), {.batch_size = 3, .augmentation = kAll}),
      large(images(12), {.batch_size = 6, .augmentation = kAll});
  EXPECT_EQ(take(small, 8), take(large, 4));
}

TEST(AugmentedBatches, AreOffByDefault) {
  const Dataset set = images(3);
  Batches batches(set, {.batch_size = 3, .shuffle = false});
  EXPECT_EQ(take(batches, 1)[0], value(set.x(), 0, 0, 0));
}

TEST(AugmentedBatches, RefuseFeatures) {
  EXPECT_SAYS(error_of([] { Batches(counting_dataset(4), {.batch_size = 2, .augmentation = {.flip = true}}); }),
              "expected images [N, H, W, C], received [N, 1]");
}

TEST(AugmentedBatches, RefusePaddingLargerThanTheImages) {
  EXPECT_SAYS(error_of([] { Batches(images(4), {.batch_size = 2, .augmentation = {.crop_padding = 5}}); }),
              "crop_padding: expected from 0 to 4, the smaller side of the images, received 5");
}

TEST(AugmentedBatches, RefuseASquareLargerThanTheImages) {
  EXPECT_SAYS(error_of([] { Batches(images(4), {.batch_size = 2, .augmentation = {.cutout = 5}}); }),
              "cutout: expected");
}

}  // namespace
}  // namespace evenkeel
