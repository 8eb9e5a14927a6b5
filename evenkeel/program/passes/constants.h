#pragma once

#include <vector>

#include "evenkeel/program/program.h"

namespace evenkeel::passes {

/// Which values depend on nothing but parameters and state.
class Constants {
 public:
  explicit Constants(const Program& program);

  /// Whether the line computes constants; then its outputs are. Lines are added in order.
  bool add(const Node& node);
  bool holds(int id) const { return is_constant_[static_cast<std::size_t>(id)]; }

 private:
  std::vector<bool> is_constant_;
};

/// Moves the lines that compute constants to the front, and says how many there are (Program::constant_lines): for a
/// program that runs several times with the same weights.
void put_constants_first(Program& program);

}  // namespace evenkeel::passes
