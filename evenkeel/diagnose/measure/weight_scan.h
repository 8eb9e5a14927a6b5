#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/measured_network.h"
#include "evenkeel/diagnose/measure/undo.h"

namespace evenkeel {

/// Numbers in one tensor that are wrong whatever the data are.
struct WeightDefect {
  enum class Kind {
    not_finite,           ///< NaN or infinity
    impossible_variance,  ///< a moving variance that is not above 0 even with epsilon: evaluation has no result
    negative_variance,    ///< a moving variance below 0 that epsilon makes up for
    zero_variance,        ///< a moving variance of exactly 0
    tiny_gamma,  ///< below 1e-30 in magnitude but not 0: will be denormal, which counts as 0 (base/denormals.h)
    huge_gamma,  ///< above 1e3
  };
  Kind kind = Kind::not_finite;
  std::string tensor, layer;           ///< "batch_normalization/gamma", "batch_normalization"
  std::string shown = {};              ///< what the user calls the tensor
  std::vector<std::int64_t> channels;  ///< of the last axis, ascending
  double worst = 0;                    ///< the value of the first one, or the largest
};

/// Whether nothing can be computed with such a number, so that the network's outputs are NaN.
inline bool is_fatal(WeightDefect::Kind kind) {
  return kind == WeightDefect::Kind::not_finite || kind == WeightDefect::Kind::impossible_variance;
}

/// In the order of the network's weights; a tensor may have several.
std::vector<WeightDefect> scan_weights(const Network& network);
std::vector<WeightDefect> scan_weights(const MeasuredNetwork& network);

/// The phrase for a fatal defect: '"norm/moving_variance" with epsilon is not above 0 in channel 3'.
std::string phrase_of(const WeightDefect& defect);
/// The phrases of all fatal defects.
std::vector<std::string> fatal_defects(const Network& network);

/// While an object lives, numbers that nothing can be computed with are replaced by neutral values (0; 1 for gamma and
/// variances), so that the rest of the network can be measured.
class SubstitutedWeights {
 public:
  explicit SubstitutedWeights(MeasuredNetwork& network);
  ~SubstitutedWeights();
  SubstitutedWeights(const SubstitutedWeights&) = delete;
  SubstitutedWeights& operator=(const SubstitutedWeights&) = delete;

  bool any() const { return !tensors_.empty(); }
  /// How many numbers were replaced: in all tensors, and in those that training mode computes with.
  std::int64_t count() const;
  std::int64_t count_of_parameters() const;
  /// A tensor's original values.
  TensorView original(const std::string& name) const;
  /// Whether a moving statistic was replaced.
  bool any_statistic() const;
  /// Puts the data's statistics, once they are known, in place of moving statistics that were replaced.
  void replace_statistics(const std::vector<LayerStatistics>& by);
  /// Calls f while the weights are as they were.
  template <class F>
  auto with_originals(F f) {
    struct Exchanged {
      explicit Exchanged(SubstitutedWeights& w) : weights(w) { weights.exchange(); }
      ~Exchanged() {
        undo([&] { weights.exchange(); });
      }
      SubstitutedWeights& weights;
    } const exchanged(*this);
    return f();
  }

 private:
  struct Replaced {
    std::string name;
    Tensor other;                       ///< the values that are not in the network now: the original or the substitutes
    std::vector<std::size_t> elements;  ///< that were replaced
  };
  void exchange();

  MeasuredNetwork& network_;
  std::vector<Replaced> tensors_;
};

}  // namespace evenkeel
