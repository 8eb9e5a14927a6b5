#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/distributed/communicator.h"

namespace evenkeel {

/// The texts of all processes, in order, in the first one; empty elsewhere.
std::vector<std::string> gather_texts(Communicator& among, const std::string& own);

/// The first process's text, in all.
std::string broadcast_text(Communicator& among, const std::string& of_first);

/// The numbers of all processes, one after the other in their order, in all. Each has as many.
std::vector<double> numbers_of_all(Communicator& among, std::span<const double> own);

/// Whether any process says yes.
bool any(Communicator& among, bool own);

/// How ready a process is for work that needs all of them.
struct Readiness {
  int exit_code = 0;       ///< not 0: it cannot take part
  std::string error = {};  ///< why
  /// What must be the same in all processes, by name: the version, the model, the data, ...
  std::vector<std::pair<std::string, std::string>> identity = {};
};

/// What all processes agree on: to go on, or to end.
struct Verdict {
  int exit_code = 0;         ///< 0: go on
  std::string message = {};  ///< what the first process says to the user; empty elsewhere
};

/// Every process says how ready it is. If one has an error, or is not like the first, all learn that they end. The
/// message is the first process's own error, as it would be without others, or it names the process.
Verdict agree(Communicator& among, const Readiness& own);

}  // namespace evenkeel
