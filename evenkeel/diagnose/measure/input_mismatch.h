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

/// The data are not prepared as in training, or the weights are in another layout than this program's, or both.
struct Mismatch {
  InputCorrection input = {};              ///< what corrects the samples; empty: they are right
  std::vector<WeightLayout> layouts = {};  ///< how the weights differ
  bool is_complete = false;    ///< after the correction, the scores are near what they should be (Yardstick)
  std::string should_be = {};  ///< from Yardstick::text
  bool has_yardstick = false;  ///< whether that is known, from training
  /// Of the first normalization's moving statistics to those of the data, as they are and corrected; nothing where the
  /// model has none, or the layout is what differs.
  std::optional<double> distance = {}, corrected_distance = {};
  SampleScores scores = {};  ///< of the corrected data
  Cost cost = {};            ///< of the unchanged data and weights, compared with corrected ones

  Dataset corrected_data(const Dataset& data) const { return corrected(data, input); }
};

/// Tries every hypothesis (input_hypotheses, weight_layouts) on the data, on few samples first; if none explains the
/// scores, also pairs of them. It rejects those that leave the first normalization's statistics far from the data. One
/// that brings them ten times nearer is believed if it improves the loss by a tenth and by three standard errors, about
/// as much as full-data statistics would. Any other (there is no normalization, or it hardly differs, as with RGB for
/// BGR) is believed only by a wide margin (Yardstick::is_wide). A pair must be better than its first part alone by that
/// margin, and come near the expected scores, or halve the errors. It needs what the rule input_mismatch needs.
std::optional<Mismatch> find_mismatch(Evidence& evidence);

/// A network of the same model with the weights in these layouts.
std::unique_ptr<Network> with_layouts(Network& network, const std::vector<WeightLayout>& layouts);

/// Whether data are prepared differently than the network expects, or weights have another layout; then nothing should
/// be estimated from the data.
struct InputCheck {
  bool mismatches = false;
  std::string what = {};       ///< "an input mismatch", "weights laid out for another program"
  std::string unchecked = {};  ///< why that cannot be decided, as a clause
};
/// Throws Error if data and model do not fit.
InputCheck check_input(Network& network, const Dataset& data);

}  // namespace evenkeel
