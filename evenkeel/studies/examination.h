#pragma once

#include "evenkeel/studies/run_study.h"

namespace evenkeel {

/// Measures a trained network: its figures, then the doctor's cheap rules on a sample of the training data, then, if
/// the moving statistics do not fit, the figures again with re-estimated ones. Reports findings to the observer. The
/// network does not change.
void examine(const StudyTraining& training, Trainer& trainer, StudyRun& run, StudyObserver& observer);

}  // namespace evenkeel
