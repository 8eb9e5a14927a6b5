#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common.h"
#include "evenkeel/report/tensorboard/tensorboard.h"
#include "evenkeel/runs/run_folder.h"

namespace evenkeel::app {

struct TrainArguments {
  Shared shared;
  Settings settings;
  std::string model, data, validation, weights, out, statistics;
  bool no_shuffle = false, resume = false, doctor = false;
  std::int64_t checkpoint_every = 0;
  std::int64_t summary_every = TensorBoardOptions().every;
  std::vector<std::string> command_line;
};

/// What is to be trained, and where it stands.
struct Plan {
  ModelFile file;
  std::filesystem::path path;  ///< of the run folder
  RunFolder::Existing existing = RunFolder::Existing::refuse;
  std::optional<RunFolder> folder = {};  ///< a resumed run's; a new run makes it when nothing is refused any more
  Settings settings = {};                ///< the file's with the flags over them
  RunDescription run = {};
  std::optional<OpenedModel> initial = {};         ///< a new run's weights, if they do not come from the seed
  std::optional<interchange::Record> record = {};  ///< of a network from elsewhere
  int threads = 0;
  bool fuse = true;
  bool resumes = false;   ///< a run that has begun
  bool finished = false;  ///< there is nothing left to train
};

/// A run from its beginning.
Plan new_run(const TrainArguments& a);
/// A run folder's run; flags may ask for more epochs or steps. Where the folder holds none yet, a new run.
Plan resumed_run(const TrainArguments& a);

}  // namespace evenkeel::app
