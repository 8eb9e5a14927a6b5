#pragma once

#include <cstdint>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/diagnose/measure/sample_scores.h"
#include "evenkeel/nn/losses.h"

// The lowest useful scores: a network that is no better than guessing does not work, whatever else is right.

namespace evenkeel {

/// The scores of the best answers that do not depend on the sample.
struct Guessing {
  /// One answer to all samples: the mean target (for classes the histogram of the labels), which is right for the most
  /// frequent class. If all samples are of one class, even odds. With label smoothing.
  SampleScores scores = {};
  double even_loss = 0;  ///< loss of even odds between the classes; for numbers as targets, the same as that of scores
  std::vector<std::int32_t> classes = {};  ///< by sample; empty if targets are not classes
  std::int64_t answers = 2;                ///< classes that the network can answer; the samples may be of fewer
};
/// `outputs` is the network's number of outputs, all `positions` of a sample together.
Guessing guessing(const Loss& loss, const Dataset& data, std::int64_t outputs, std::int64_t positions = 1);

/// How scores compare with guessing.
enum class AgainstGuessing {
  better,         ///< or there are too few samples to decide
  answers_alone,  ///< more samples are right than by guessing, but the loss is above that of even odds: scores are far
                  ///< too certain
  loss_alone,     ///< the loss is below that of guessing, but no more samples are right than by the most frequent class
  guessing,       ///< neither is better
};
/// By paired standard errors and by a least gain, because an untrained network differs a little by chance. Answers are
/// better if the accuracy over all samples is, or the mean over the classes.
AgainstGuessing against_guessing(const SampleScores& scores, const Guessing& guessing);

/// The samples of one class.
struct ClassScore {
  std::int64_t label = 0, samples = 0;
  double recall = 0;  ///< the share that is right
};
/// For the classes that have samples; empty if targets are not classes, or the loss has no accuracy.
std::vector<ClassScore> class_scores(const SampleScores& scores, const std::vector<std::int32_t>& classes);

/// The scores of the samples that are of none of these classes.
SampleScores without_classes(const SampleScores& scores, const std::vector<std::int32_t>& classes,
                             const std::vector<std::int64_t>& left_out);

}  // namespace evenkeel
