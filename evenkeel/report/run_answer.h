#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evenkeel/runs/run_record.h"

namespace evenkeel {

/// The last and the best value of a measured column.
struct Outcome {
  double final = 0;  ///< the last value; NaN if it is NaN or infinite
  double best = 0;   ///< the highest; of a loss, the lowest
  double best_step = 0;
};

bool is_loss(const std::string& column);
/// Nothing if the run has no such column, or no number in it.
std::optional<Outcome> outcome_of(const RunRecord& run, const std::string& column);
/// The steps at each row: the column `step`, else `epoch`, else the row's number.
std::vector<double> steps_of(const MetricsTable& metrics);
/// "val_accuracy" -> "validation accuracy"
std::string spoken(const std::string& column);

/// The sentence that compares the runs, derived from their figures.
std::string answer_of(const std::vector<RunRecord>& runs);

}  // namespace evenkeel
