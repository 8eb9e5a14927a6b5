#pragma once

#include <string>
#include <vector>

#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/measure/evidence.h"

namespace evenkeel {

/// One step on the way from training mode to evaluation mode, and what it changes.
struct ChainLink {
  std::string change;                    ///< "dropout off", "batch_normalization on its moving statistics"
  std::vector<std::string> layers = {};  ///< the layers that are switched
  Cost cost;                             ///< of the step, here
  Cost cost_in_reverse;  ///< of the same switch if statistics are switched from the last layer to the first
};

/// Where the difference between training mode and evaluation mode comes from. Its parts are switched one after another,
/// so that they add up to the whole: batch statistics and dropout -> dropout off -> full-data statistics -> moving
/// statistics, group by group in graph order. A cost depends on the order; the difference between the two costs of a
/// link shows how much.
struct Attribution {
  Estimate start, end;  ///< loss in training mode (mean over masks and shufflings), and in evaluation
  std::int64_t batch_size = 0;
  std::vector<ChainLink> links;
};

/// Layers whose statistics one finding names are switched together; so are those that no finding names.
Attribution attribute(Evidence& evidence, const std::vector<Finding>& findings, std::int64_t batch_size);

/// The four cells: loss and accuracy of training and validation data, in evaluation mode and in training mode on
/// full-data statistics, and which kind of gap that is. It may be overfitting only if nothing else was found.
/// `guessing`: no cell of the data is better than guessing.
struct FourCells {
  enum class Gap { none, mode, guessing, overfitting, other_data, no_result };
  struct Cell {
    Estimate loss;
    std::optional<Estimate> accuracy = {};
  };
  std::optional<Cell> train_evaluation = {}, train_training = {};  ///< nothing without training data
  Cell evaluation, training;
  /// How many values that nothing can be computed with are replaced in the copy that the other measurements are of.
  /// The cells of evaluation are of the network itself.
  std::int64_t replaced = 0;
  std::int64_t replaced_parameters = 0;  ///< of these, not moving statistics: training mode is of a copy too
  Gap gap = Gap::none;
  std::string verdict;  ///< in one or two sentences
};
FourCells four_cells(Evidence& evidence, const std::vector<Finding>& findings);
std::string_view name_of(FourCells::Gap gap);

/// "copy with 2 values replaced"
std::string copy_text(std::int64_t replaced);

/// Whether a finding says that the data differ from those of training: in preparation, labels or classes.
bool are_other_data(const Finding& finding);

}  // namespace evenkeel
