#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/measure/evidence.h"

namespace evenkeel {

/// What a rule needs in order to judge.
enum class Need {
  normalization,      ///< a layer that keeps moving statistics
  samples,            ///< at least kFewSamples, of several classes, in the set that statistics are taken from
  many_samples,       ///< at least kManySamples in the set that signals are measured on, to judge what never happens
  scored_samples,     ///< at least kFewSamples, of several classes, in the set that is scored
  input_statistics,   ///< the first normalization, if there is one, has statistics other than the initial ones
  accuracy,           ///< a loss with an accuracy
  classes,            ///< as targets
  train_data,         ///< a training set besides the data
  momentum,           ///< of the normalizations, from the file that the network comes from
  updates,            ///< the number of updates
  batch_size,         ///< the batch size of training or evaluation
  checkpoint,         ///< statistics of an earlier checkpoint
  records,            ///< recorded losses of training
  validation_record,  ///< and of validation
  recorded_scores,    ///< scores of either set, epoch by epoch
  weight_decay,       ///< whether and how much training applied
  raw_weights,        ///< the weights themselves, besides averages of them
  averages,           ///< weights that are averages, and the number of their updates
  shuffle_record,     ///< whether training shuffled
  inputs,             ///< samples as numbers, so that the network can be given others
  other_axes,         ///< the network with normalizations along other axes
  initial_values,     ///< how weights were drawn
  gradients,          ///< of a training step
  signals,            ///< each channel of each layer's output
};

/// unmet() of Need::normalization.
inline constexpr std::string_view kNoNormalization = "the model has no layer that keeps moving statistics";

/// Why the need is not met here, as a clause ("the model has no normalization"); empty if it is met.
std::string unmet(Need need, Evidence& evidence);

/// One kind of cause, and how it is distinguished from others. A rule measures through the evidence alone and never
/// changes the network.
class Rule {
 public:
  virtual ~Rule() = default;
  virtual std::string_view checks() const = 0;  ///< "moving statistics against those of the data"
  virtual std::vector<Need> needs() const { return {}; }
  /// Whether a few passes of a small sample are enough; then it is also used during training (training_doctor.h).
  virtual bool cheap() const { return false; }
  virtual void judge(Evidence& evidence, std::vector<Finding>& findings) const = 0;
};

/// Why a rule cannot judge here, as a clause; empty if it can.
std::string why_not(const Rule& rule, Evidence& evidence);

/// Calls a rule's judge(). Findings from fewer than kEnoughSamples are less certain, unless their cost is many standard
/// errors.
void judge(const Rule& rule, Evidence& evidence, std::vector<Finding>& findings);

/// All rules, in the order in which they judge: a later rule may use the findings of an earlier one.
const std::vector<std::unique_ptr<Rule>>& all_rules();

}  // namespace evenkeel
