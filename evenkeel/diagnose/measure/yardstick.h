#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/evidence.h"

namespace evenkeel {

/// How good a network's scores should be if data, classes and weights are the same as in training, as far as that is
/// known: the scores on training data, and the recorded ones. An explanation of bad scores must come near them; it is
/// not enough that scores become better.
class Yardstick {
 public:
  explicit Yardstick(Evidence& evidence);

  /// Whether such scores need no further explanation. If nothing is known about training, the limit is half of the loss
  /// of guessing.
  bool is_near(const SampleScores& scores) const;
  /// Whether a correction cannot gain what it must gain.
  bool has_no_room(const SampleScores& scores) const;
  /// Whether a change is far more than chance among many trials: in accuracy, or, if that does not change, in a loss
  /// that was many times too large and becomes good. If the scores of training are known, it must also go at least half
  /// of the way to them.
  bool is_wide(const SampleScores& before, const SampleScores& after) const;
  /// Whether an accuracy is above that of guessing.
  bool is_skilled(double accuracy) const;
  /// Whether training says what scores should be.
  bool is_known() const { return !known_.empty(); }
  /// "0.103 on training data": for sentences about scores that are not near.
  std::string text() const;

 private:
  struct Known {
    std::string what;  ///< "on training data"
    double loss = 0;
    std::optional<double> accuracy = {};
  };
  bool is_near(const SampleScores& scores, const Known& known) const;
  bool closes_half(const SampleScores& before, const SampleScores& after) const;

  std::vector<Known> known_;
  double chance_ = 0, largest_share_ = 0;
};

}  // namespace evenkeel
