#pragma once

#include <string>
#include <utility>
#include <vector>

#include "evenkeel/distributed/communicator.h"
#include "exit_code.h"

// The processes that mpirun or srun started together. `train`, `evaluate`, `doctor`, `study` and `plan` divide their
// work between them; every other command runs in the first one alone. Only the first one prints.

namespace evenkeel::app {

/// Finds out whether a launcher started this process, before the command line is read; then all processes but the first
/// are silent.
void join_launch();

/// Whether this process has nothing to do for the command.
bool is_idle_process(const std::string& command);

/// Connects the processes, if there are several and the command divides its work.
void connect(const std::string& command);

/// The connected processes; null in a process alone.
Communicator* among();
bool is_first_process();

/// Tells it to the user also where the process is silent, with its name before it: for what only this one can know.
void tell_from_any_process(const std::string& text);

/// Thrown where all processes end together because one of them cannot go on; the first one has said why.
struct EndedTogether {
  int code;
};

/// Every process says what it has read, by name. Throws EndedTogether where one has an error or something else.
void agree_on(const std::vector<std::pair<std::string, std::string>>& identity);
/// The same for the last time: from now on an error in one process ends all of them at once.
void begin_together();

/// After the command: what to return to the system. Waits for the others.
int end_together(int code);
/// After an exception: says what failed, and in which process, and ends all of them.
int fail_together(const Failure& failure);

}  // namespace evenkeel::app
