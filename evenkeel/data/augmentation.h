#pragma once

#include <cstdint>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

template <class T>
class Fields;

/// How training images are varied, anew in each epoch; all off by default. Evaluation never varies them.
struct Augmentation {
  bool flip = false;              ///< mirrored left to right, every other time
  std::int64_t crop_padding = 0;  ///< so many pixels of value 0 around the image, then a piece of its old size from
                                  ///< anywhere in it: torchvision's RandomCrop(size, padding)
  std::int64_t cutout = 0;  ///< side of a square of value 0 whose middle is anywhere in the image, so that it may reach
                            ///< beyond the rim (DeVries & Taylor 2017)

  static void describe(Fields<Augmentation>&);
  bool is_on() const { return flip || crop_padding > 0 || cutout > 0; }
  bool operator==(const Augmentation&) const = default;
};

/// Throws Error where samples of that shape cannot be varied so: they are no images [H, W, C], or the padding or the
/// square is larger than they are.
void check(const Augmentation& augmentation, const Shape& sample);

/// What happens to one sample in one epoch. The three are drawn whether they are on or not: turning one off leaves the
/// others as they were.
struct Variation {
  bool mirrored = false;
  std::int64_t down = 0, right = 0;                      ///< where the piece lies, from -crop_padding to +crop_padding
  std::int64_t top = 0, bottom = 0, left = 0, edge = 0;  ///< the square: rows [top, bottom), columns [left, edge)
};

/// A pure function of its arguments: of a resumed run, of more threads, of another batch size it is the same.
Variation variation_of(const Augmentation& augmentation, const Shape& sample, std::uint64_t seed, std::int64_t epoch,
                       std::int64_t index);

/// Writes the varied image [H, W, C] as float32: the piece, mirrored, with the square cut out, all in values as the
/// data set has them (0 is black in raw pixels, whatever the model makes of it).
void write_varied(TensorView image, const Variation& variation, float* out);

}  // namespace evenkeel
