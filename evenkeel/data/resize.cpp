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
  std::vector<float> weights;
};

std::vector<Taps> make_taps(std::int64_t in, std::int64_t out) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double reach = std::max(scale, 1.0);
  std::vector<Taps> taps;
  for (std::int64_t i = 0; i < out; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale - 0.5;
    const auto first = std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil(center - reach)));
    const auto last = std::min(in - 1, static_cast<std::int64_t>(std::floor(center + reach)));
    std::vector<double> triangle;
    double sum = 0;
    for (std::int64_t j = first; j <= last; ++j) {
      triangle.push_back(std::max(0.0, 1 - std::abs(static_cast<double>(j) - center) / reach));
      sum += triangle.back();
    }
    Taps& made = taps.emplace_back(Taps{first, std::vector<float>(triangle.size())});
    std::ranges::transform(triangle, made.weights.begin(), [sum](double w) { return static_cast<float>(w / sum); });
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
      for (const float weight : tap.weights)
        for (std::int64_t i = 0; i < inner; ++i) target[i] += weight * static_cast<float>(*source++);
      target += inner;
    }
  return to;
}

template <class T>
std::vector<float> weigh_both(TensorView image, std::int64_t height, std::int64_t width) {
  const std::int64_t h = image.shape[0], w = image.shape[1], c = image.shape[2];
  const std::vector<float> rows = weigh<T>(image.as<T>(), h, w, c, make_taps(w, width));
  return weigh<float>(rows, 1, h, width * c, make_taps(h, height));
}

}  // namespace

Tensor resized(TensorView image, std::int64_t height, std::int64_t width) {
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
    std::ranges::copy(weigh_both<float>(image, height, width), result.as<float>().begin());
    return result;
  }
  std::ranges::transform(weigh_both<std::uint8_t>(image, height, width), result.as<std::uint8_t>().begin(),
                         [](float v) { return static_cast<std::uint8_t>(std::clamp(v + 0.5f, 0.0f, 255.0f)); });
  return result;
}

Dataset resized(const Dataset& dataset, std::int64_t height, std::int64_t width) {
  const Shape shape = dataset.sample_shape();
  if (shape.rank() == 3 && shape[0] == height && shape[1] == width) return dataset;
  const TensorView images = dataset.x();
  Tensor x;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    const Tensor image = resized(images.rows(i, i + 1).reshaped(shape), height, width);
    if (i == 0) x = Tensor(image.shape().batched(dataset.size()), image.dtype());
    std::copy_n(image.data(), image.bytes(), x.data() + static_cast<std::size_t>(i) * image.bytes());
  }
  return Dataset({.name = dataset.name(),
                  .x = std::move(x),
                  .y = dataset.has_targets() ? Tensor::copy_of(dataset.y()) : Tensor(),
                  .class_names = dataset.class_names()});
}

}  // namespace evenkeel
