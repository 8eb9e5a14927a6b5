#pragma once

#include <cstdint>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/diagnose/measure/sample_scores.h"
#include "evenkeel/nn/losses.h"

// The floor of all scores: what is no better does not work, whatever else is well.

namespace evenkeel {

/// What the best answers get that do not look at the sample.
struct Guessing {
  /// Of one answer to all samples: the mean target, which for classes is the histogram of the labels; right where the
  /// class is the most frequent one. Where all samples are of one class, that of even odds. With label smoothing.
  SampleScores scores = {};
  double even_loss = 0;                    ///< of even odds between the classes; of numbers as targets: that of scores
  std::vector<std::int32_t> classes = {};  ///< by sample; empty where targets are no classes
};
/// `outputs` is what the network has.
Guessing guessing(const Loss& loss, const Dataset& data, std::int64_t outputs);

/// How scores stand to guessing.
enum class Standing {
  better,         ///< or too few samples to tell
  answers_alone,  ///< more is right than by guessing, but the loss is above that of even odds: scores are far too sure
  loss_alone,     ///< the loss is below guessing's, but no more is right than by the most frequent class
  guessing,       ///< neither is better
};
/// By paired standard errors, and by a least gain: chance alone makes an untrained network differ a little. Answers are
/// better where all samples are, or the mean over the classes.
Standing standing_of(const SampleScores& scores, const Guessing& guessing);

/// The samples of one class.
struct ClassScore {
  std::int64_t label = 0, samples = 0;
  double recall = 0;  ///< the part that is right
};
/// Of the classes that have samples; empty where targets are no classes, or the loss has no accuracy.
std::vector<ClassScore> class_scores(const SampleScores& scores, const std::vector<std::int32_t>& classes);

/// The scores of the samples that are of none of these classes.
SampleScores without_classes(const SampleScores& scores, const std::vector<std::int32_t>& classes,
                             const std::vector<std::int64_t>& left_out);

}  // namespace evenkeel
