#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/distributed/communicator.h"

namespace evenkeel {

/// Reads an environment variable; null if there is none.
using Environment = std::function<const char*(const char* name)>;

/// Who started this process together with others.
struct Launch {
  std::string by;                     ///< "Open MPI's mpirun"
  std::vector<std::string> families;  ///< MPIs whose plug-in fits, the most likely first: "openmpi", "mpich"
  int rank = 0, size = 1;
};

/// What the environment says of it: Open MPI, MPICH (and what descends from it), or Slurm's srun with PMIx or PMI.
/// Nothing if the process was started alone. Throws Error (environment) where srun started several processes without an
/// MPI's wire between them.
std::optional<Launch> launch_of(const Environment& environment);

/// Where plug-ins of a family may be, the first one first: EVENKEEL_MPI (a file), beside the program, where it is
/// installed.
std::vector<std::filesystem::path> plugin_paths(const Launch& launch, const Environment& environment,
                                                const std::filesystem::path& program_folder);

/// Connects this process with those that were started with it, by the plug-in of their MPI. Null if it was started
/// alone. Throws Error (environment) if no plug-in fits, with what was tried. Call it once.
std::unique_ptr<Communicator> connect_processes();

}  // namespace evenkeel
