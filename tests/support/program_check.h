#pragma once

#include <vector>

#include "tests/support/trial.h"

namespace evenkeel {

/// The ways a layer can run: on the batch's statistics with dropout, as in evaluation, on supplied statistics, and on
/// moving ones that follow the batch.
const std::vector<LayerMode>& every_mode();

/// Holds a piece of a program to everything that must be true of any. In every mode, with activations fused and not:
///  - gradients of inputs and parameters equal numerical ones, in double (1e-6);
///  - the float32 kernels yield the outputs, gradients and states of the double ones (1e-5);
///  - what memory held before does not matter, padding stays zero, and two runs agree bit by bit;
///  - reusing memory changes no bit.
void check_program(const Subject& subject);

}  // namespace evenkeel
