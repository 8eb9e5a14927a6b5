#pragma once

#include <span>
#include <string>
#include <vector>

#include "evenkeel/base/philox.h"
#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// A data set that the program draws.
struct DrawnImages {
  std::string name;  ///< "patches"
  Purpose purpose;   ///< of its random numbers
  Shape image;       ///< [H, W, C]
  std::vector<std::string> class_names;
  /// Draws one sample's pixels and returns its label.
  std::int32_t (*draw)(RandomStream random, std::span<std::uint8_t> pixels);
};

/// The first `count` samples of a split, each a function of (seed, split, sample). Throws Error for a count below 1.
Dataset drawn_dataset(const DrawnImages& images, bool test_split, std::int64_t count, std::uint64_t seed);

}  // namespace evenkeel
