#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// Mean and variance of a channel over all pixels.
struct ChannelStatistics {
  double mean = 0, variance = 0;  ///< of the population
  bool operator==(const ChannelStatistics&) const = default;
};

/// Sums of the values of an image [H, W, C], C at most 4, which are whole numbers: exact.
struct PixelSums {
  std::int64_t pixels = 0;
  std::array<double, 4> sum{}, squares{};
};
PixelSums pixel_sums(TensorView image);

/// The statistics of all images so far, merged image by image, so that they are exact whatever the mean.
class ImageMoments {
 public:
  void add(const PixelSums& image);
  /// Of so many channels; empty without images.
  std::vector<ChannelStatistics> result(std::int64_t channels) const;

 private:
  double pixels_ = 0;
  std::array<double, 4> mean_{}, spread_{};
};

}  // namespace evenkeel
