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

/// How far a diagnosis is.
struct DiagnosisStep {
  std::string_view what;            ///< what the present part checks; empty at the end
  std::int64_t done = 0, of = 0;    ///< parts
  double passes = 0, expected = 0;  ///< of the sample through the network, so far and at the end, as far as is known
  bool begins = true;               ///< whether the part begins; else a batch of it was measured
};
/// Called before each part of a diagnosis, after each batch that was measured, and at the end.
using DiagnosisProgress = std::function<void(const DiagnosisStep&)>;

/// Where a network is large (kLargeFlops): what a pass of so many samples takes, and how many would do; empty where
/// that does not matter. `samples`: Subject::samples.
std::string effort_text(const Model& model, std::int64_t samples, std::int64_t available);

/// Measures why the network behaves in evaluation as it does, whoever computes it. What was changed for a measurement
/// is changed back. Throws Error if data and model do not fit, or the data have no labels or targets.
Diagnosis diagnose(MeasuredNetwork& network, Subject subject, const DiagnosisProgress& progress = {});
/// The same for a network of our own, whose weights, statistics and optimizer do not change; it also tries repairs of
/// values that nothing can be computed with. Throws Error too if the network has no loss.
Diagnosis diagnose(Network& network, Subject subject, const DiagnosisProgress& progress = {});

/// What the cheap rules (Rule::cheap) find in a few passes of the sample, in the order in which they judge. Does not
/// change the network.
std::vector<Finding> cheap_findings(Network& network, Subject subject);

}  // namespace evenkeel
