#include "evenkeel/data/augmentation.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/base/philox.h"
#include "evenkeel/config/fields.h"

namespace evenkeel {
namespace {

/// Copies rows and columns of `image` to `out`; places outside of the image become 0.
template <class T>
void write(const Shape& shape, const T* image, const Variation& v, float* out) {
  const std::int64_t height = shape[0], width = shape[1], channels = shape[2];
  const std::int64_t left = std::max<std::int64_t>(0, -v.right), right = width - std::max<std::int64_t>(0, v.right);
  for (std::int64_t y = 0; y < height; ++y, out += width * channels) {
    if (y + v.down < 0 || y + v.down >= height) {
      std::fill_n(out, width * channels, 0.0f);
      continue;
    }
    const T* row = image + ((y + v.down) * width + v.right) * channels;
    std::fill_n(out, left * channels, 0.0f);
    std::copy(row + left * channels, row + right * channels, out + left * channels);
    std::fill_n(out + right * channels, (width - right) * channels, 0.0f);
    if (v.mirrored)
      for (std::int64_t a = 0, b = width - 1; a < b; ++a, --b)
        std::swap_ranges(out + a * channels, out + (a + 1) * channels, out + b * channels);
    if (y >= v.top && y < v.bottom) std::fill_n(out + v.left * channels, (v.edge - v.left) * channels, 0.0f);
  }
}

}  // namespace

void Augmentation::describe(Fields<Augmentation>& fields) {
  fields.add("flip", &Augmentation::flip, "mirror training images left to right at random")
      .add("crop_padding", &Augmentation::crop_padding,
           "shift training images at random by up to N pixels, filled with 0", kNotNegative)
      .add("cutout", &Augmentation::cutout, "side of a square of zeros at random in each training image", kNotNegative);
}

void check(const Augmentation& augmentation, const Shape& sample) {
  if (!augmentation.is_on()) return;
  if (sample.rank() != 3)
    throw Error{{.where = "augmentation (flip, crop_padding, cutout)",
                 .expected = "images [N, H, W, C]",
                 .received = to_string_batched(sample)}};
  const std::int64_t side = std::min(sample[0], sample[1]);
  const auto check_size = [&](const char* name, std::int64_t size) {
    if (size < 0 || size > side)
      throw Error{{.where = name,
                   .expected = fmt::format("from 0 to {}, the smaller side of the images", side),
                   .received = std::to_string(size)}};
  };
  check_size("crop_padding", augmentation.crop_padding);
  check_size("cutout", augmentation.cutout);
}

Variation variation_of(const Augmentation& augmentation, const Shape& sample, std::uint64_t seed, std::int64_t epoch,
                       std::int64_t index) {
  // epoch_order numbers samples with 32 bits, so the two streams never overlap.
  RandomStream random({.seed = seed,
                       .purpose = Purpose::augmentation,
                       .step = static_cast<std::uint64_t>(epoch) << 32 | static_cast<std::uint64_t>(index)});
  const auto below = [&](std::int64_t bound) {
    return static_cast<std::int64_t>(random.below(static_cast<std::uint32_t>(bound)));
  };
  Variation v;
  v.mirrored = (random.bits() & 1) != 0 && augmentation.flip;
  v.down = below(2 * augmentation.crop_padding + 1) - augmentation.crop_padding;
  v.right = below(2 * augmentation.crop_padding + 1) - augmentation.crop_padding;
  const std::int64_t top = below(sample[0]) - augmentation.cutout / 2;
  const std::int64_t left = below(sample[1]) - augmentation.cutout / 2;
  v.top = std::max<std::int64_t>(0, top);
  v.left = std::max<std::int64_t>(0, left);
  v.bottom = std::min(sample[0], top + augmentation.cutout);
  v.edge = std::min(sample[1], left + augmentation.cutout);
  return v;
}

void write_varied(TensorView image, const Variation& variation, float* out) {
  if (image.dtype == DType::uint8)
    write(image.shape, image.as<std::uint8_t>().data(), variation, out);
  else
    write(image.shape, image.as<float>().data(), variation, out);
}

}  // namespace evenkeel
