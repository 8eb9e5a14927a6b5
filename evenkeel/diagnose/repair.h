#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/repairs/method.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {

struct RepairOptions {
  std::string fix = "all";                            ///< a method's name, a finding's code, or "all" (methods_named)
  const Dataset* validation = nullptr;                ///< for scores
  std::int64_t batch_size = 250;                      ///< samples computed at a time
  std::int64_t memory_bytes = std::int64_t{1} << 30;  ///< for what re-estimation keeps (ReestimateOptions)
  /// Epochs of training after a method that needs it, with `training`, whose batch is no larger than the data; 0:
  /// none. Moving statistics are re-estimated at the end.
  std::int64_t then_train = 0;
  TrainerOptions training = {};
  std::vector<Callback> callbacks = {};                     ///< of that training
  std::function<void(const std::string& what)> stage = {};  ///< called with what begins
};

/// Loss and accuracy of a network before and after its repair, in evaluation, on samples that the repair has not seen.
struct RepairScores {
  Metrics before, after;
  /// Of the network as it was, with the statistics of the scored samples themselves, all of them: what no moving
  /// statistics can be blamed for. Nothing without normalization, or where weights are not finite.
  std::optional<Metrics> reference;
  enum class On {
    validation,
    halves,  ///< of the data: repaired by one half and scored on the other, and the reverse; the mean
    data,    ///< all of them: the repair looks at none
  } on = On::validation;
};
std::string name_of(RepairScores::On on);  ///< "validation", "cross-fitted halves", "data"

/// What a repair that needs training may bring, in figures of the network as it is.
struct ExpectedGain {
  std::string what;  ///< "the variance shift", as what the difference costs
  Metrics now, then;
};

struct Repaired {
  std::vector<std::string> methods = {};
  RepairKind kind = RepairKind::exact;
  RepairLog log = {};  ///< no changes: there was nothing to mend
  bool architecture_changed = false;
  std::int64_t trained_epochs = 0;
  /// The mended network. Null where training is needed and none was asked for: then there is only advice.
  std::unique_ptr<Network> network = {};
  std::optional<RepairScores> scores = {};    ///< nothing without a loss or targets, and where there is only advice
  std::optional<ExpectedGain> expected = {};  ///< for advice
  /// Why the scores say that it does not help, as a clause; empty: it helps, keeps the outputs, or has no scores.
  std::string no_help = {};
  /// Why it is not known whether the data are prepared as in training, as a clause; empty: they are, or the repair
  /// looks at none.
  std::string input_unchecked = {};
};

/// Mends a copy of a network; the network stays as it is. Statistics come from `data`, scores from
/// `options.validation`, or without it from halves of the data, never from the same samples. Throws Error where data
/// and model do not fit, `fix` is not known, training is asked for that no method needs, a method cannot do what it is
/// for, the model has no normalization for a method to work on, or the repair would hide a defect
/// (defects_that_forbid), or the data mismatch (check_input).
Repaired repair(Network& network, const Dataset& data, const RepairOptions& options = {});

/// What is wrong with the network so that this method would hide it rather than mend it, a phrase each.
std::vector<std::string> defects_that_forbid(const RepairMethod& method, const Network& network);

}  // namespace evenkeel
