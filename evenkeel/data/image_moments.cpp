#include "evenkeel/data/image_moments.h"

#include <algorithm>

namespace evenkeel {
namespace {

template <class T>
PixelSums sums_of(TensorView image) {
  PixelSums sums{.pixels = image.shape[0] * image.shape[1]};
  const auto channels = static_cast<std::size_t>(image.shape[2]);
  const auto values = image.as<T>();
  std::array<std::uint64_t, 4> sum{}, squares{};
  for (std::size_t i = 0; i < values.size(); i += channels)
    for (std::size_t c = 0; c < channels; ++c) {
      const auto value = static_cast<std::uint64_t>(values[i + c]);
      sum[c] += value;
      squares[c] += value * value;
    }
  for (std::size_t c = 0; c < channels; ++c) {
    sums.sum[c] = static_cast<double>(sum[c]);
    sums.squares[c] = static_cast<double>(squares[c]);
  }
  return sums;
}

}  // namespace

PixelSums pixel_sums(TensorView image) {
  return image.dtype == DType::uint8 ? sums_of<std::uint8_t>(image) : sums_of<float>(image);
}

void ImageMoments::add(const PixelSums& image) {
  const auto n = static_cast<double>(image.pixels);
  for (std::size_t c = 0; c < mean_.size(); ++c) {
    const double mean = image.sum[c] / n, spread = std::max(0.0, image.squares[c] - image.sum[c] * mean);
    const double step = mean - mean_[c];
    mean_[c] += step * n / (pixels_ + n);
    spread_[c] += spread + step * step * pixels_ * n / (pixels_ + n);
  }
  pixels_ += n;
}

std::vector<ChannelStatistics> ImageMoments::result(std::int64_t channels) const {
  std::vector<ChannelStatistics> all;
  for (std::size_t c = 0; c < static_cast<std::size_t>(channels) && pixels_ > 0; ++c)
    all.push_back({mean_[c], spread_[c] / pixels_});
  return all;
}

}  // namespace evenkeel
