#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evenkeel/diagnose/attribution.h"
#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/measure/evidence.h"
#include "evenkeel/diagnose/measure/input_histograms.h"

namespace evenkeel {

/// The results of a diagnosis.
struct Diagnosis {
  FourCells cells;
  Attribution attribution;
  std::vector<Finding> findings;     ///< sorted by severity, those that are only possible last, then by cost
  std::vector<std::string> notes;    ///< what a reader should know about the data first
  std::vector<std::string> checked;  ///< what was checked
  std::vector<std::pair<std::string, std::string>> unchecked;  ///< what was not, and why
  std::vector<StatisticsGap> gaps;                             ///< per normalization, on the training data
  std::vector<std::optional<NoiseShift>> shifts;               ///< per normalization; empty without any noise
  std::vector<InputHistogram> histograms;                      ///< per normalization, of training data
  std::int64_t samples = 0;                                    ///< of the data that was used
  double passes = 0;                                           ///< of the sample, the larger one, through the network
  /// The highest severity; nothing without findings.
  std::optional<Severity> worst() const;
};

/// The normalizations whose statistics are farthest from those of the data, at most `most`: their indices in `gaps`, in
/// graph order.
std::vector<std::size_t> most_distant(const std::vector<StatisticsGap>& gaps, std::size_t most);

/// Called before each part of a diagnosis, and at the end, with what the part checks and how many parts are done.
using DiagnosisProgress = std::function<void(std::string_view what, std::int64_t done, std::int64_t of)>;

/// Measures why the network behaves in evaluation as it does. Does not change weights, statistics or optimizer. Throws
/// Error if data and model do not fit, the data have no labels or targets, or the network has no loss.
Diagnosis diagnose(Network& network, Subject subject, const DiagnosisProgress& progress = {});

/// What the cheap rules (Rule::cheap) find in a few passes of the sample, in the order in which they judge. Does not
/// change the network.
std::vector<Finding> cheap_findings(Network& network, Subject subject);

}  // namespace evenkeel
