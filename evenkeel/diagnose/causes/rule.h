#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/measure/evidence.h"

namespace evenkeel {

/// What a rule must have to say anything.
enum class Need {
  normalization,      ///< a layer that keeps moving statistics
  samples,            ///< at least kFewSamples, of several classes, in the set that statistics are taken from
  many_samples,       ///< at least kManySamples in the set that signals are watched on: for what never happens
  scored_samples,     ///< at least kFewSamples, of several classes, in the set that scores are taken of
  input_statistics,   ///< of the first normalization, if there is one: such as were ever set
  accuracy,           ///< a loss that has one
  classes,            ///< as targets
  train_data,         ///< a set of its own beside the data
  updates,            ///< how many training made
  batch_size,         ///< that training or evaluation works with
  checkpoint,         ///< statistics of an earlier one
  records,            ///< losses of training
  validation_record,  ///< and of validation
  recorded_scores,    ///< of either set, epoch by epoch
  weight_decay,       ///< that training applied, or that it applied none
  raw_weights,        ///< beside averages of them
  averages,           ///< weights that are averages, and how many updates they are of
  shuffle_record,     ///< whether training shuffled
};

/// Why it cannot be met here, as a clause ("the model has no normalization"); empty where it is met.
std::string unmet(Need need, Evidence& evidence);

/// One kind of cause, and how it is told from others. A rule measures through the evidence alone and never changes the
/// network.
class Rule {
 public:
  virtual ~Rule() = default;
  virtual std::string_view checks() const = 0;  ///< "moving statistics against those of the data"
  virtual std::vector<Need> needs() const { return {}; }
  /// Whether a few passes of a small sample suffice: then it watches over training (training_doctor.h).
  virtual bool cheap() const { return false; }
  virtual void judge(Evidence& evidence, std::vector<Finding>& findings) const = 0;
};

/// Why a rule cannot say anything here, as a clause; empty where it can.
std::string why_not(const Rule& rule, Evidence& evidence);

/// Lets a rule judge. What it finds by fewer than kEnoughSamples, and not by a cost of many standard errors, is less
/// certain.
void judge(const Rule& rule, Evidence& evidence, std::vector<Finding>& findings);

/// Every rule, in the order in which they judge: what an earlier one found, a later one may take into account.
const std::vector<std::unique_ptr<Rule>>& all_rules();

}  // namespace evenkeel
