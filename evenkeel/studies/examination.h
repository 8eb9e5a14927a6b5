#pragma once

#include "evenkeel/studies/run_study.h"

namespace evenkeel {

/// Measures a trained network: takes its figures, lets the doctor's cheap rules look at a sample of the training data,
/// and takes the figures once more with re-estimated statistics where the moving ones do not fit. Tells the observer
/// what it found. The network stays as it is.
void examine(const StudyTraining& training, Trainer& trainer, StudyRun& run, StudyObserver& observer);

}  // namespace evenkeel
