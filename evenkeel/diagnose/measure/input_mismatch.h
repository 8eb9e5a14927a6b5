#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/evidence.h"
#include "evenkeel/diagnose/measure/input_hypotheses.h"
#include "evenkeel/diagnose/measure/weight_layouts.h"
#include "evenkeel/diagnose/measure/yardstick.h"

namespace evenkeel {

/// The data do not come as the network was trained on them, or its weights are not laid out as this program reads them,
/// or both.
struct Mismatch {
  InputCorrection input = {};              ///< what makes the samples right; empty: they are
  std::vector<WeightLayout> layouts = {};  ///< what the weights have otherwise
  bool is_complete = false;                ///< corrected, the scores come near what they should be (Yardstick)
  std::string should_be = {};              ///< by Yardstick::text
  /// Of the first normalization's moving statistics to those of the data, as they are and corrected; nothing where the
  /// model has none, or the layout is what differs.
  std::optional<double> distance = {}, corrected_distance = {};
  SampleScores scores = {};  ///< of the data, corrected
  Cost cost = {};            ///< of all as it is, over corrected

  Dataset corrected_data(const Dataset& data) const { return corrected(data, input); }
};

/// Tries every hypothesis (input_hypotheses, weight_layouts) on the data, on few samples first; where none explains the
/// scores, pairs of them. Those that leave the first normalization's statistics far from the data as before are out.
/// One that brings them ten times nearer is believed where it improves the loss by a tenth and by three standard
/// errors, about as much as full-data statistics would; any other (no normalization, or one that hardly sees the
/// difference, as with RGB for BGR) only by a wide margin (Yardstick::is_wide). A pair must be better than the first
/// alone by that margin, and come near, or halve the errors. What that takes is what the rule input_mismatch needs.
std::optional<Mismatch> find_mismatch(Evidence& evidence);

/// A network of the same model whose weights are as these layouts have them.
std::unique_ptr<Network> with_layouts(Network& network, const std::vector<WeightLayout>& layouts);

/// Whether data are prepared otherwise than the network expects, or weights laid out otherwise: nothing should be
/// estimated from them.
struct InputCheck {
  bool mismatches = false;
  std::string what = {};       ///< "an input mismatch", "weights laid out for another program"
  std::string unchecked = {};  ///< why that cannot be decided, as a clause
};
/// Throws Error if data and model do not fit.
InputCheck check_input(Network& network, const Dataset& data);

}  // namespace evenkeel
