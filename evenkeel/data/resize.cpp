#include "evenkeel/data/resize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

/// The inputs of one output position: consecutive ones with their weights, whose sum is 1.
struct Taps {
  std::int64_t first;
  std::vector<double> weights;
};

/// The weight of each input for an output whose sample position is `center`, by a filter that is 0 beyond `reach`.
template <class Filter>
Taps taps_at(double center, double reach, std::int64_t in, Filter filter) {
  const auto first = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(center - reach)), 0, in - 1);
  const auto last = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(center + reach)), first, in - 1);
  std::vector<double> values;
  double sum = 0;
  for (std::int64_t j = first; j <= last; ++j) {
    values.push_back(std::max(0.0, filter(static_cast<double>(j) - center)));
    sum += values.back();
  }
  if (sum > 0)
    for (double& value : values) value /= sum;
  else
    std::ranges::fill(values, 1.0);
  return {first, std::move(values)};
}

Taps tap_at(double position, std::int64_t in) {
  return {std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(position)), 0, in - 1), {1.0}};
}

std::vector<Taps> make_taps(std::int64_t in, std::int64_t out, ResizeMethod method) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const auto triangle = [](double reach) { return [reach](double d) { return 1 - std::abs(d) / reach; }; };
  std::vector<Taps> taps;
  for (std::int64_t i = 0; i < out; ++i) {
    const double at = static_cast<double>(i), center = (at + 0.5) * scale - 0.5;
    switch (method) {
      case ResizeMethod::antialiased: {
        const double reach = std::max(scale, 1.0);
        taps.push_back(taps_at(center, reach, in, triangle(reach)));
        break;
      }
      case ResizeMethod::bilinear:
        taps.push_back(taps_at(std::clamp(center, 0.0, static_cast<double>(in - 1)), 1, in, triangle(1)));
        break;
      case ResizeMethod::corners: {
        const double step = out > 1 ? static_cast<double>(in - 1) / static_cast<double>(out - 1) : 0;
        taps.push_back(taps_at(at * step, 1, in, triangle(1)));
        break;
      }
      case ResizeMethod::nearest: taps.push_back(tap_at((at + 0.5) * scale, in)); break;
      case ResizeMethod::nearest_before: taps.push_back(tap_at(at * scale, in)); break;
      case ResizeMethod::area:
        // Each input covers half a pixel to both sides of its centre.
        taps.push_back(taps_at(center, scale / 2 + 0.5, in, [scale](double d) {
          return std::min(d + 0.5, scale / 2) - std::max(d - 0.5, -scale / 2);
        }));
        break;
    }
  }
  return taps;
}

/// Reduces the middle axis of [outer, in, inner] by weighted sums to [outer, taps.size(), inner].
template <class T>
std::vector<float> weigh(std::span<const T> from, std::int64_t outer, std::int64_t in, std::int64_t inner,
                         const std::vector<Taps>& taps) {
  std::vector<float> to(static_cast<std::size_t>(outer * std::ssize(taps) * inner), 0.0f);
  float* target = to.data();
  for (std::int64_t o = 0; o < outer; ++o)
    for (const Taps& tap : taps) {
      const T* source = from.data() + (o * in + tap.first) * inner;
      for (const double exact : tap.weights) {
        const auto weight = static_cast<float>(exact);
        for (std::int64_t i = 0; i < inner; ++i) target[i] += weight * static_cast<float>(*source++);
      }
      target += inner;
    }
  return to;
}

template <class T>
std::vector<float> weigh_both(TensorView image, std::int64_t height, std::int64_t width, ResizeMethod method) {
  const std::int64_t h = image.shape[0], w = image.shape[1], c = image.shape[2];
  const std::vector<float> rows = weigh<T>(image.as<T>(), h, w, c, make_taps(w, width, method));
  return weigh<float>(rows, 1, h, width * c, make_taps(h, height, method));
}

/// The same for pixels of 8 bits as Pillow computes it: in whole numbers, rounded to pixels at the end.
std::vector<std::uint8_t> weigh_pixels(std::span<const std::uint8_t> from, std::int64_t outer, std::int64_t in,
                                       std::int64_t inner, const std::vector<Taps>& taps) {
  constexpr int kBits = 32 - 8 - 2;  // a sum of weights slightly above 1 still fits
  constexpr std::int32_t kHalf = 1 << (kBits - 1);
  std::vector<std::uint8_t> to(static_cast<std::size_t>(outer * std::ssize(taps) * inner));
  std::vector<std::vector<std::int32_t>> weights;
  for (const Taps& tap : taps) {
    weights.emplace_back();
    for (const double weight : tap.weights)
      weights.back().push_back(static_cast<std::int32_t>(0.5 + weight * (1 << kBits)));
  }
  std::vector<std::int32_t> sums(static_cast<std::size_t>(inner));
  std::uint8_t* target = to.data();
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::size_t t = 0; t < taps.size(); ++t) {
      const std::uint8_t* source = from.data() + (o * in + taps[t].first) * inner;
      std::ranges::fill(sums, kHalf);
      for (const std::int32_t weight : weights[t])
        for (std::int32_t& sum : sums) sum += weight * *source++;
      for (const std::int32_t sum : sums) *target++ = static_cast<std::uint8_t>(std::clamp(sum >> kBits, 0, 255));
    }
  return to;
}

/// A size that stays is not computed, as in Pillow.
std::vector<std::uint8_t> weigh_pixels_both(TensorView image, std::int64_t height, std::int64_t width) {
  const std::int64_t h = image.shape[0], w = image.shape[1], c = image.shape[2];
  const auto whole = image.as<std::uint8_t>();
  std::vector<std::uint8_t> pixels(whole.begin(), whole.end());
  if (width != w) pixels = weigh_pixels(pixels, h, w, c, make_taps(w, width, ResizeMethod::antialiased));
  if (height != h) pixels = weigh_pixels(pixels, 1, h, width * c, make_taps(h, height, ResizeMethod::antialiased));
  return pixels;
}

/// Half of a size that is left over; halves go to the even number, as Python's round.
std::int64_t half_to_even(std::int64_t left) { return left / 2 + (left % 2 == 1 && (left / 2) % 2 == 1 ? 1 : 0); }

}  // namespace

std::pair<std::int64_t, std::int64_t> size_of_shorter_side(std::int64_t height, std::int64_t width, std::int64_t side) {
  return height <= width ? std::pair(side, side * width / height) : std::pair(side * height / width, side);
}

Tensor centre_crop(TensorView image, std::int64_t height, std::int64_t width) {
  if (image.shape.rank() != 3 || height < 1 || width < 1 || image.shape[0] < height || image.shape[1] < width)
    throw Error{{.where = "crop",
                 .expected = fmt::format("an image of at least {} x {}", height, width),
                 .received = to_string(image.shape)}};
  Tensor result({height, width, image.shape[2]}, image.dtype);
  const std::int64_t top = half_to_even(image.shape[0] - height), left = half_to_even(image.shape[1] - width);
  const auto pixel = static_cast<std::int64_t>(size_of(image.dtype)) * image.shape[2];
  for (std::int64_t row = 0; row < height; ++row)
    std::copy_n(image.data + ((top + row) * image.shape[1] + left) * pixel, width * pixel,
                result.data() + row * width * pixel);
  return result;
}

std::string text_of(ResizeMethod method) {
  switch (method) {
    case ResizeMethod::antialiased: return "bilinear with a filter against aliasing (Pillow, torchvision)";
    case ResizeMethod::bilinear:
      return "bilinear between two pixels, without a filter (OpenCV, TensorFlow, torch.nn.functional)";
    case ResizeMethod::corners: return "bilinear with the corners in their place (align_corners)";
    case ResizeMethod::nearest: return "by the nearest pixel (Pillow, TensorFlow)";
    case ResizeMethod::nearest_before: return "by the nearest pixel, rounded down (OpenCV, torch.nn.functional)";
    case ResizeMethod::area: return "by the mean over each pixel's area (OpenCV's INTER_AREA)";
  }
  return {};
}

Tensor resized(TensorView image, std::int64_t height, std::int64_t width, ResizeMethod method) {
  const bool is_uint8 = image.dtype == DType::uint8;
  if (image.shape.rank() != 3 || image.shape.size() == 0 || (!is_uint8 && image.dtype != DType::float32))
    throw Error{{.where = "resize",
                 .expected = "an image [H, W, C] of uint8 or float32",
                 .received = fmt::format("{} {}", name_of(image.dtype), to_string(image.shape))}};
  if (height < 1 || width < 1)
    throw Error{{.where = "resize",
                 .expected = "a height and a width of 1 or more",
                 .received = fmt::format("{} x {}", height, width)}};
  Tensor result({height, width, image.shape[2]}, image.dtype);
  if (!is_uint8) {
    std::ranges::copy(weigh_both<float>(image, height, width, method), result.as<float>().begin());
    return result;
  }
  if (method == ResizeMethod::antialiased) {
    std::ranges::copy(weigh_pixels_both(image, height, width), result.as<std::uint8_t>().begin());
    return result;
  }
  std::ranges::transform(weigh_both<std::uint8_t>(image, height, width, method), result.as<std::uint8_t>().begin(),
                         [](float v) { return static_cast<std::uint8_t>(std::clamp(v + 0.5f, 0.0f, 255.0f)); });
  return result;
}

namespace {

/// The set with images that `made` makes of its own.
template <class F>
Dataset with_images(const Dataset& dataset, F&& made) {
  const TensorView images = dataset.x();
  Tensor x;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const Tensor image = made(images.rows(i, i + 1).reshaped(dataset.sample_shape()));
    if (i == 0) x = Tensor(image.shape().batched(dataset.size()), image.dtype());
    std::copy_n(image.data(), image.bytes(), x.data() + static_cast<std::size_t>(i) * image.bytes());
  }
  return dataset.with_x(std::move(x));
}

}  // namespace

Dataset resized(const Dataset& dataset, std::int64_t height, std::int64_t width, ResizeMethod method) {
  const Shape shape = dataset.sample_shape();
  if (shape.rank() == 3 && shape[0] == height && shape[1] == width) return dataset;
  return with_images(dataset, [&](TensorView image) { return resized(image, height, width, method); });
}

Dataset cropped(const Dataset& dataset, std::int64_t side, std::int64_t height, std::int64_t width,
                ResizeMethod method) {
  return with_images(dataset, [&](TensorView image) {
    if (side == 0 || image.shape.rank() != 3) return centre_crop(image, height, width);
    const auto [h, w] = size_of_shorter_side(image.shape[0], image.shape[1], side);
    return centre_crop(resized(image, h, w, method), height, width);
  });
}

}  // namespace evenkeel
