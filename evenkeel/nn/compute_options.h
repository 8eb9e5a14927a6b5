#pragma once

#include <cstdint>

#include "evenkeel/base/cpu.h"
#include "evenkeel/config/precision.h"
#include "evenkeel/tensor/dtype.h"

namespace evenkeel {

template <class T>
class Fields;

/// How a network is computed, whatever it computes: the same for a program (compile), a Network and a Trainer.
struct ComputeOptions {
  int threads = 0;                ///< 0: all cores
  std::int64_t memory_limit = 0;  ///< bytes for the values of a step; 0: what the machine has left
  bool fuse = true;               ///< false: one line of the program for each op
  Precision precision = Precision::float32;
  bool force_precision = false;       ///< even where the machine has no instructions for it
  DType real = DType::float32;        ///< float64: all of it, on the reference kernels
  Machine machine = Machine::here();  ///< that kernels are chosen for

  /// The precision, which files and flags set; the rest is the caller's.
  static void describe(Fields<ComputeOptions>&);
};

}  // namespace evenkeel
