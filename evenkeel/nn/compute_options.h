#pragma once

#include <cstdint>

#include "evenkeel/base/cpu.h"
#include "evenkeel/config/precision.h"
#include "evenkeel/tensor/dtype.h"

namespace evenkeel {

template <class T>
class Fields;

/// How a network is computed: the same options for a program (compile), a Network and a Trainer.
struct ComputeOptions {
  int threads = 0;                ///< 0: all cores
  std::int64_t memory_limit = 0;  ///< bytes for the values of a step; 0: what the machine has left
  bool fuse = true;               ///< false: one line of the program for each op
  Precision precision = Precision::float32;
  bool force_precision = false;       ///< allow a precision that the machine has no instructions for
  DType real = DType::float32;        ///< float64: everything in float64, on the reference kernels
  Machine machine = Machine::here();  ///< the machine that kernels are chosen for

  /// Describes the precision, which files and flags may set; only C++ sets the rest.
  static void describe(Fields<ComputeOptions>&);
};

}  // namespace evenkeel
