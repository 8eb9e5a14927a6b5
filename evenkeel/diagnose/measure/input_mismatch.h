#pragma once

#include <optional>
#include <string>

#include "evenkeel/diagnose/measure/evidence.h"
#include "evenkeel/diagnose/measure/input_hypotheses.h"

namespace evenkeel {

/// The data are not prepared as in training.
struct InputMismatch {
  InputHypothesis hypothesis;
  /// Distance of the first normalization's moving statistics from those of the data, unchanged and corrected; nothing
  /// if the model has no normalization.
  std::optional<double> distance = {}, corrected_distance = {};
  Cost cost;  ///< of the unchanged data, compared with corrected ones
};

/// Tries every hypothesis (input_hypotheses) on the data. It rejects those that leave the first normalization's
/// statistics far from the data. One that brings them ten times nearer is believed if the loss improves by a tenth and
/// by three standard errors, to that with full-data statistics. Any other (there is no normalization, or it hardly
/// differs, as with RGB for BGR) is believed only by a wide margin of loss and accuracy. Takes at most about five
/// passes. It needs what the rule input_mismatch needs.
std::optional<InputMismatch> find_input_mismatch(Evidence& evidence);

/// Whether data are prepared differently than the network expects; then nothing should be estimated from them.
struct InputCheck {
  bool mismatches = false;
  std::string unchecked = {};  ///< why that cannot be decided, as a clause
};
/// Throws Error if data and model do not fit.
InputCheck check_input(Network& network, const Dataset& data);

}  // namespace evenkeel
