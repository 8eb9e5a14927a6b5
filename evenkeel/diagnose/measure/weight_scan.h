#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/train/network.h"

namespace evenkeel {

/// Numbers in one tensor that cannot be right, whatever the data.
struct WeightDefect {
  enum class Kind {
    not_finite,         ///< NaN or infinity
    negative_variance,  ///< a moving variance below 0
    zero_variance,      ///< a moving variance of exactly 0
    tiny_gamma,         ///< below 1e-30 in magnitude but not 0: soon denormal, which counts as 0 (base/denormals.h)
    huge_gamma,         ///< above 1e3
  };
  Kind kind = Kind::not_finite;
  std::string tensor, layer;           ///< "batch_normalization/gamma", "batch_normalization"
  std::vector<std::int64_t> channels;  ///< of the last axis, ascending
  double worst = 0;                    ///< the first one's value, or the largest
};

/// In the order of the network's weights; a tensor may have several.
std::vector<WeightDefect> scan_weights(const Network& network);

/// While it lives, numbers that are not finite, and variances below zero, are replaced by what changes least (0; 1 for
/// gamma and variances), so that the rest of the network can be measured.
class SubstitutedWeights {
 public:
  explicit SubstitutedWeights(Network& network);
  ~SubstitutedWeights();
  SubstitutedWeights(const SubstitutedWeights&) = delete;
  SubstitutedWeights& operator=(const SubstitutedWeights&) = delete;

 private:
  Network& network_;
  std::vector<std::pair<std::string, Tensor>> originals_;
};

}  // namespace evenkeel
