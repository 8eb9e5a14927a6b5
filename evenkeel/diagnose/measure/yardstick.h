#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/evidence.h"

namespace evenkeel {

/// How good a network's scores should be where its data, classes and weights are as they were in training, as far as
/// that is known: those on training data, and those on record. What explains bad scores must come near them; what only
/// makes them better does not explain them.
class Yardstick {
 public:
  explicit Yardstick(Evidence& evidence);

  /// Whether such scores need no further explanation. Where nothing is known of training: half of guessing's loss.
  bool is_near(const SampleScores& scores) const;
  /// Whether nothing that a correction must gain is left to gain.
  bool has_no_room(const SampleScores& scores) const;
  /// Whether a change is far more than luck among many trials could do: in accuracy, or, where that stays, in a loss
  /// that was many times too large and becomes a good one. Of what is known of training, at least half of the way.
  bool is_wide(const SampleScores& before, const SampleScores& after) const;
  /// Whether such an accuracy is more than that of guessing.
  bool is_skilled(double accuracy) const;
  /// "0.103 on training data": for sentences about what is not near.
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
