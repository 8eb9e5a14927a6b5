#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/nn/model.h"
#include "evenkeel/train/history.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {

/// What is likely wrong with a training before its first step, a line each: classes that validation has and training
/// lacks, or that are shared out otherwise; a batch of one sample for batch statistics; samples far larger than the
/// others; labels with gaps; outputs without a loss weight. Looks at the data once; computes nothing.
std::vector<std::string> training_warnings(const Model& model, const TrainerOptions& options, const Dataset& data,
                                           const FitOptions& fit);

/// What is likely wrong at its end, by its record alone: moving statistics that so few `updates` leave near their
/// initial values (nothing is said of them without a number), and validation far below training. Empty where there is
/// nothing.
std::string ending_note(const Model& model, const History& history, std::optional<std::uint64_t> updates);

}  // namespace evenkeel
