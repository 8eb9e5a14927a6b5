#pragma once

#include <cstdint>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

template <class T>
class Fields;

/// How training images are varied at random, differently in each epoch. All off by default; evaluation never varies
/// images.
struct Augmentation {
  bool flip = false;              ///< mirrored left to right with probability 1/2
  std::int64_t crop_padding = 0;  ///< so many pixels of value 0 are added on each side, then a piece of the old size is
                                  ///< cut out at a random place: torchvision's RandomCrop(size, padding)
  std::int64_t cutout = 0;  ///< side of a square of value 0 with its middle at a random place; it may reach beyond the
                            ///< image's edge (DeVries & Taylor 2017)

  static void describe(Fields<Augmentation>&);
  bool is_on() const { return flip || crop_padding > 0 || cutout > 0; }
  bool operator==(const Augmentation&) const = default;
};

/// Checks an augmentation: throws Error if samples of that shape cannot be varied in this way: they are not images [H,
/// W, C], or the padding or the square is larger than they are.
void check(const Augmentation& augmentation, const Shape& sample);

/// What happens to one sample in one epoch. All three are drawn whether they are on or not, so turning one off does not
/// change the others.
struct Variation {
  bool mirrored = false;
  std::int64_t down = 0, right = 0;                      ///< offset of the piece, from -crop_padding to +crop_padding
  std::int64_t top = 0, bottom = 0, left = 0, edge = 0;  ///< the square: rows [top, bottom), columns [left, edge)
};

/// A pure function of its arguments. So a resumed run, more threads or another batch size give the same.
Variation variation_of(const Augmentation& augmentation, const Shape& sample, std::uint64_t seed, std::int64_t epoch,
                       std::int64_t index);

/// Writes the varied image [H, W, C] as float32: the piece, mirrored, with the square cut out. Values are the data
/// set's: 0 is a raw pixel of 0, before the model's Rescaling.
void write_varied(TensorView image, const Variation& variation, float* out);

}  // namespace evenkeel
