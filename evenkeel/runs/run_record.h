#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/nn/model_file.h"
#include "evenkeel/runs/run_folder.h"

namespace evenkeel {

/// metrics.csv: a column for each name in its first line. A cell is nothing where it is empty, and NaN where its text
/// is not a number.
struct MetricsTable {
  using Column = std::vector<std::optional<double>>;
  std::vector<std::string> names = {};
  std::vector<Column> columns = {};

  std::size_t rows() const { return columns.empty() ? 0 : columns[0].size(); }
  /// nullptr if there is none.
  const Column* find(const std::string& name) const;
};

/// What a run folder says, as far as it could be read.
struct RunRecord {
  std::string name;  ///< the folder's
  std::optional<RecordedRun> run = {};
  std::optional<ModelFile> model = {};
  MetricsTable metrics = {};            ///< without the part of an epoch that an interrupted run ends with
  std::vector<std::string> notes = {};  ///< what is missing or damaged, and whether the run has ended
};

/// Reads a run folder. Throws Error, which names the folder, if neither run.json nor metrics.csv can be read.
RunRecord read_run_record(const std::filesystem::path& folder);

/// The folder itself; if it is a study's folder (with study.json, and run folders below it), the run folders in it,
/// sorted by name.
std::vector<std::filesystem::path> run_folders_in(const std::filesystem::path& folder);

}  // namespace evenkeel
