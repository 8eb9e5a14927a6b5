#include "evenkeel/runs/run_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include "evenkeel/base/text.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/train/settings.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

std::optional<double> number_of(std::string_view cell) {
  if (cell.empty()) return {};
  double value = 0;
  const auto [rest, problem] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  const bool is_number = problem == std::errc() && rest == cell.data() + cell.size();
  return is_number ? value : std::numeric_limits<double>::quiet_NaN();
}

MetricsTable read_metrics(const fs::path& path, std::vector<std::string>& notes) {
  const formats::Bytes bytes = formats::read_file(path);
  std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::erase(text, '\r');
  MetricsTable table;
  std::size_t number = 0;
  for (const std::string_view line : split(text, '\n')) {
    ++number;
    const auto cells = split(line, ',');
    if (number == 1) {
      table.names.assign(cells.begin(), cells.end());
      table.columns.resize(cells.size());
    } else if (cells.size() == table.names.size()) {
      for (std::size_t i = 0; i < cells.size(); ++i) table.columns[i].push_back(number_of(cells[i]));
    } else if (!line.empty()) {
      notes.push_back(fmt::format("{}:{}: expected {} cells, received {}; the line is left out.", path.string(), number,
                                  table.names.size(), cells.size()));
    }
  }
  return table;
}

/// Drops the last row if the run was interrupted in that epoch. A run that goes on replaces it by that of the whole
/// one.
void drop_partial_row(RunRecord& record) {
  const auto *epochs = record.metrics.find("epoch"), *steps = record.metrics.find("step");
  if (!record.run || record.run->finished || !record.model || !epochs || !steps || epochs->empty()) return;
  const RunDescription& run = record.run->description;
  const double per_epoch =
      static_cast<double>(run.samples) / static_cast<double>(batch_size_of(record.model->training));
  const double epoch = epochs->back().value_or(0), step = steps->back().value_or(0);
  if (!(step < (run.steps ? std::ceil(epoch * per_epoch) : epoch * std::ceil(per_epoch)))) return;
  for (MetricsTable::Column& column : record.metrics.columns) column.pop_back();
}

/// Runs `read`; an Error becomes a note.
template <class F>
void attempt(std::vector<std::string>& notes, F read) {
  try {
    read();
  } catch (const Error& error) {
    notes.emplace_back(error.what());
  }
}

std::string name_of(const fs::path& folder) {
  const fs::path path = fs::absolute(folder).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

}  // namespace

const MetricsTable::Column* MetricsTable::find(const std::string& name) const {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? nullptr : &columns[static_cast<std::size_t>(found - names.begin())];
}

RunRecord read_run_record(const fs::path& folder) {
  std::error_code ignored;
  const bool is_folder = fs::is_directory(folder, ignored);
  const fs::path metrics = folder / "metrics.csv";
  if (!is_folder || (!fs::exists(folder / "run.json", ignored) && !fs::exists(metrics, ignored)))
    throw Error{{.where = folder.string(),
                 .expected = "a run folder, with run.json and metrics.csv",
                 .received = is_folder && fs::exists(folder / "result.json", ignored)
                                 ? "what a study measured without training"
                             : is_folder                   ? "a folder without them"
                             : fs::exists(folder, ignored) ? "a file"
                                                           : "nothing of that name"}};
  RunRecord record{.name = name_of(folder)};
  attempt(record.notes, [&] { record.run = read_run(folder); });
  attempt(record.notes, [&] { record.model = read_model_file(folder / "model.toml"); });
  attempt(record.notes, [&] { record.metrics = read_metrics(metrics, record.notes); });
  attempt(record.notes, [&] { drop_partial_row(record); });
  if (!record.run && record.metrics.rows() == 0)
    throw Error{{.where = folder.string(),
                 .expected = "a run folder whose run.json or metrics.csv can be read",
                 .received = "one where " + record.notes.front()}};
  if (record.run && !record.run->finished)
    record.notes.push_back(
        record.run->steps_done
            ? fmt::format("`{}` was interrupted at step {}: its figures are those of the epochs until then.",
                          record.name, *record.run->steps_done)
            : fmt::format("`{}` has not ended, or was killed: its figures are those of the epochs so far.",
                          record.name));
  return record;
}

std::vector<fs::path> run_folders_in(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::exists(folder / "study.json", ignored)) return {folder};
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (fs::exists(entry.path() / "run.json", ignored)) found.push_back(entry.path());
  std::ranges::sort(found);
  return found.empty() ? std::vector{folder} : found;
}

}  // namespace evenkeel
