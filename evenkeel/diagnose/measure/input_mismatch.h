#pragma once

#include <optional>
#include <string>

#include "evenkeel/diagnose/measure/evidence.h"
#include "evenkeel/diagnose/measure/input_hypotheses.h"

namespace evenkeel {

/// The data do not come as the network was trained on them.
struct InputMismatch {
  InputHypothesis hypothesis;
  /// Of the first normalization's moving statistics to those of the data, as they are and corrected; nothing where the
  /// model has none.
  std::optional<double> distance = {}, corrected_distance = {};
  Cost cost;  ///< of the data as they are, over corrected ones
};

/// Tries every hypothesis (input_hypotheses) on the data. Those that leave the first normalization's statistics far
/// from the data are out. One that brings them ten times nearer is believed where the loss improves by a tenth and by
/// three standard errors, to what full-data statistics would give; any other (no normalization, or one that hardly
/// sees the difference, as with RGB for BGR) only by a wide margin of loss and accuracy. At most about five passes.
/// What that takes is what the rule input_mismatch needs.
std::optional<InputMismatch> find_input_mismatch(Evidence& evidence);

/// Whether data are prepared otherwise than the network expects: nothing should be estimated from them.
struct InputCheck {
  bool mismatches = false;
  std::string unchecked = {};  ///< why that cannot be decided, as a clause
};
/// Throws Error where data and model do not fit.
InputCheck check_input(Network& network, const Dataset& data);

}  // namespace evenkeel
