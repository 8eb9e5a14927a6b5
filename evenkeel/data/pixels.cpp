#include "evenkeel/data/pixels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

namespace evenkeel {
namespace {

constexpr float kWhite8 = 255, kWhite16 = 65535;

/// Where the pixel at (y, x) of the oriented image is stored.
struct Place {
  std::int64_t y, x;
};

Place stored_at(int orientation, std::int64_t y, std::int64_t x, std::int64_t height, std::int64_t width) {
  switch (orientation) {
    case 2: return {y, width - 1 - x};
    case 3: return {height - 1 - y, width - 1 - x};
    case 4: return {height - 1 - y, x};
    case 5: return {x, y};
    case 6: return {height - 1 - x, y};
    case 7: return {height - 1 - x, width - 1 - y};
    case 8: return {x, width - 1 - y};
    default: return {y, x};
  }
}

bool has_alpha(std::int64_t channels) { return channels == 2 || channels == 4; }

template <class T>
T rounded(float value) {
  // NOLINTNEXTLINE(bugprone-incorrect-roundings): never negative
  return std::is_same_v<T, float> ? static_cast<T>(value) : static_cast<T>(value + 0.5f);
}

/// Pixel by pixel, in float: opaque colours, then the wanted ones.
template <class T>
Tensor converted_channels(const Tensor& image, std::int64_t to) {
  const Shape& shape = image.shape();
  const std::int64_t from = shape[2], colours = from <= 2 ? 1 : 3;
  const float white = white_of(image.dtype());
  Tensor result(shape.with(2, to), image.dtype());
  const T* in = image.as<T>().data();
  T* out = result.as<T>().data();
  for (std::int64_t i = 0; i < shape[0] * shape[1]; ++i, in += from, out += to) {
    std::array<float, 3> colour{};
    float alpha = has_alpha(from) ? static_cast<float>(in[from - 1]) : white;
    for (std::size_t c = 0; c < 3; ++c) colour[c] = static_cast<float>(in[colours == 1 ? 0 : c]);
    if (!has_alpha(to) && alpha < white)
      for (float& c : colour) c = white - (white - c) * alpha / white;
    if (to <= 2)
      out[0] = rounded<T>(colours == 1 ? colour[0] : 0.299f * colour[0] + 0.587f * colour[1] + 0.114f * colour[2]);
    else
      std::ranges::transform(colour, out, rounded<T>);
    if (has_alpha(to)) out[to - 1] = rounded<T>(alpha);
  }
  return result;
}

}  // namespace

float white_of(DType dtype) { return dtype == DType::uint8 ? kWhite8 : kWhite16; }

Tensor oriented(Tensor image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const std::int64_t height = image.shape()[0], width = image.shape()[1], channels = image.shape()[2];
  const bool turned = orientation >= 5;
  Tensor result({turned ? width : height, turned ? height : width, channels}, image.dtype());
  const auto pixel = static_cast<std::size_t>(channels) * size_of(image.dtype());
  std::byte* to = result.data();
  for (std::int64_t y = 0; y < result.shape()[0]; ++y)
    for (std::int64_t x = 0; x < result.shape()[1]; ++x, to += pixel) {
      const Place from = stored_at(orientation, y, x, height, width);
      std::memcpy(to, image.data() + static_cast<std::size_t>(from.y * width + from.x) * pixel, pixel);
    }
  return result;
}

Tensor with_channels(Tensor image, std::int64_t channels) {
  if (image.shape()[2] == channels) return image;
  return image.dtype() == DType::uint8 ? converted_channels<std::uint8_t>(image, channels)
                                       : converted_channels<float>(image, channels);
}

Tensor with_depth(Tensor image, DType dtype) {
  if (image.dtype() == dtype) return image;
  Tensor result(image.shape(), dtype);
  constexpr float kScale = kWhite16 / kWhite8;
  if (dtype == DType::uint8)
    std::ranges::transform(std::as_const(image).as<float>(), result.as<std::uint8_t>().begin(),
                           // NOLINTNEXTLINE(bugprone-incorrect-roundings): never negative
                           [](float v) { return static_cast<std::uint8_t>(v / kScale + 0.5f); });
  else
    std::ranges::transform(std::as_const(image).as<std::uint8_t>(), result.as<float>().begin(),
                           [](std::uint8_t v) { return static_cast<float>(v) * kScale; });
  return result;
}

}  // namespace evenkeel
