#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/normalizations.h"

namespace evenkeel {

/// Numbers in one tensor that cannot be right, whatever the data.
struct WeightDefect {
  enum class Kind {
    not_finite,           ///< NaN or infinity
    impossible_variance,  ///< a moving variance that even with epsilon is not above 0: evaluation has no result
    negative_variance,    ///< a moving variance below 0 that epsilon makes up for
    zero_variance,        ///< a moving variance of exactly 0
    tiny_gamma,           ///< below 1e-30 in magnitude but not 0: soon denormal, which counts as 0 (base/denormals.h)
    huge_gamma,           ///< above 1e3
  };
  Kind kind = Kind::not_finite;
  std::string tensor, layer;           ///< "batch_normalization/gamma", "batch_normalization"
  std::vector<std::int64_t> channels;  ///< of the last axis, ascending
  double worst = 0;                    ///< the first one's value, or the largest
};

/// Whether nothing can be computed with such a number: what the network yields is NaN.
inline bool is_fatal(WeightDefect::Kind kind) {
  return kind == WeightDefect::Kind::not_finite || kind == WeightDefect::Kind::impossible_variance;
}

/// In the order of the network's weights; a tensor may have several.
std::vector<WeightDefect> scan_weights(const Network& network);

/// Of one that is fatal: '"norm/moving_variance" with epsilon is not above 0 in channel 3'.
std::string phrase_of(const WeightDefect& defect);
/// The phrases of all that are fatal.
std::vector<std::string> fatal_defects(const Network& network);

/// While it lives, numbers that nothing can be computed with are replaced by what changes least (0; 1 for gamma and
/// variances), so that the rest of the network can be measured.
class SubstitutedWeights {
 public:
  explicit SubstitutedWeights(Network& network);
  ~SubstitutedWeights();
  SubstitutedWeights(const SubstitutedWeights&) = delete;
  SubstitutedWeights& operator=(const SubstitutedWeights&) = delete;

  bool any() const { return !tensors_.empty(); }
  /// A tensor as it was before.
  TensorView original(const std::string& name) const;
  /// Whether one of them is a moving statistic.
  bool any_statistic() const;
  /// Puts these in place of moving statistics that were replaced: those of the data, once they are known.
  void replace_statistics(const std::vector<LayerStatistics>& by);
  /// Calls f while the weights are as they were.
  template <class F>
  auto with_originals(F f) {
    struct Exchanged {
      explicit Exchanged(SubstitutedWeights& w) : weights(w) { weights.exchange(); }
      ~Exchanged() { weights.exchange(); }
      SubstitutedWeights& weights;
    } const exchanged(*this);
    return f();
  }

 private:
  struct Replaced {
    std::string name;
    Tensor other;                       ///< what is not in the network now: the original, or the substitute
    std::vector<std::size_t> elements;  ///< that were replaced
  };
  void exchange();

  Network& network_;
  std::vector<Replaced> tensors_;
};

}  // namespace evenkeel
