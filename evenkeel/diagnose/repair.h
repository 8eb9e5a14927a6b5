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
  std::int64_t memory_bytes = std::int64_t{1} << 30;  ///< for re-estimation (ReestimateOptions)
  /// Epochs of training, with `training`, after a method that needs training; 0: none. The batch must not be larger
  /// than the data. Moving statistics are re-estimated at the end.
  std::int64_t then_train = 0;
  TrainerOptions training = {};
  std::vector<Callback> callbacks = {};                     ///< of that training
  std::function<void(const std::string& what)> stage = {};  ///< called with the name of each stage when it begins
};

/// Loss and accuracy of a network before and after its repair, in evaluation, on samples that the repair has not seen.
struct RepairScores {
  Metrics before, after;
  /// Of the old network with the statistics of all scored samples: the part that moving statistics cannot be blamed
  /// for. Nothing without normalization, or if weights are not finite.
  std::optional<Metrics> reference;
  enum class On {
    validation,
    halves,  ///< of the data: repaired with one half and scored on the other, and the reverse; the mean
    data,    ///< all data, because the repair uses none
  } on = On::validation;
};
std::string name_of(RepairScores::On on);  ///< "validation", "cross-fitted halves", "data"

/// What a repair that needs training may gain, measured on the present network.
struct ExpectedGain {
  std::string what;  ///< what the difference is the cost of: "the variance shift"
  Metrics now, then;
};

struct Repaired {
  std::vector<std::string> methods = {};
  RepairKind kind = RepairKind::exact;
  RepairLog log = {};  ///< without changes there was nothing to repair
  bool architecture_changed = false;
  std::int64_t trained_epochs = 0;
  /// The repaired network. Null if training is needed and was not asked for; then there is only advice.
  std::unique_ptr<Network> network = {};
  std::optional<RepairScores> scores = {};    ///< nothing without a loss or targets, and if there is only advice
  std::optional<ExpectedGain> expected = {};  ///< for advice
  /// Why the repair does not help, by the scores, as a clause. Empty if it helps, keeps the outputs, or has no scores.
  std::string no_help = {};
  /// Why it is not known whether the data are prepared as in training, as a clause. Empty if they are, or if the repair
  /// uses no data.
  std::string input_unchecked = {};
};

/// Repairs a copy of a network; the network itself does not change. Statistics come from `data`, scores from
/// `options.validation`, or without it from halves of the data, never from the same samples. Throws Error if data and
/// model do not fit, `fix` is not known, training is asked for that no method needs, a method finds its defect but
/// cannot repair it, the model has no normalization for a method, the repair would hide a defect (defects_that_forbid),
/// or the data are not prepared as in training (check_input).
Repaired repair(Network& network, const Dataset& data, const RepairOptions& options = {});

/// The defects of the network that this method would hide instead of repairing, a phrase each.
std::vector<std::string> defects_that_forbid(const RepairMethod& method, const Network& network);

}  // namespace evenkeel
