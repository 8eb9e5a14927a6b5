#pragma once

#include <vector>

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// Who makes and who reads each value of a program, by value number.
struct Links {
  explicit Links(const Program& program);

  std::vector<int> producer;  ///< the line; -1: none
  std::vector<int> readers;   ///< how many operands of lines it is

  int made_in(int value) const { return producer[static_cast<std::size_t>(value)]; }
  /// Whether a single line reads the value, and nobody after the run.
  bool is_read_once(const Program& program, int value) const {
    return readers[static_cast<std::size_t>(value)] == 1 && !program.value(value).kept;
  }
};

}  // namespace evenkeel::passes
