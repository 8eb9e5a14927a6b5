#include "evenkeel/runs/checkpoint_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/nn/model_file.h"
#include "evenkeel/train/fit.h"

namespace evenkeel {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "step-", kEnding = ".safetensors";

/// Numbers of equal length, so that names sort like steps.
std::string name_of_step(std::uint64_t step) { return fmt::format("{}{:010}{}", kPrefix, step, kEnding); }

bool is_checkpoint(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with(kPrefix) && name.ends_with(kEnding);
}

}  // namespace

/// Writes one checkpoint after the other in a thread of its own; at most one is waiting.
class CheckpointFolder::Writer {
 public:
  Writer(fs::path folder, int keep, std::map<std::string, std::string> metadata)
      : folder_(std::move(folder)),
        keep_(static_cast<std::size_t>(std::max(1, keep))),
        metadata_(std::move(metadata)),
        thread_([this](const std::stop_token& stop) { work(stop); }) {}

  const fs::path& folder() const { return folder_; }

  void write(Checkpoint checkpoint, std::uint64_t step) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !waiting_; });
    waiting_.emplace(std::move(checkpoint), step);
    changed_.notify_all();
  }

  /// Waits until everything is on disk.
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !waiting_ && !busy_; });
  }

  std::vector<std::string> take_problems() {
    const std::lock_guard lock(mutex_);
    return std::exchange(problems_, {});
  }

  /// Removes those that are older than the newest ones up to a step. Later ones were passed over: they are damaged, or
  /// of another run, and do not count. The error, or nothing.
  std::string remove_old(std::uint64_t step) const {
    std::size_t kept = 0;
    try {
      for (const fs::path& file : checkpoints_in(folder_))
        if (file.filename() <= name_of_step(step) && ++kept > keep_) fs::remove(file);
    } catch (const std::exception& error) {
      return fmt::format("an old checkpoint is not removed: {}", error.what());
    }
    return {};
  }

 private:
  void work(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [this] { return waiting_.has_value(); })) {
      const auto [checkpoint, step] = *std::exchange(waiting_, std::nullopt);
      busy_ = true;
      changed_.notify_all();
      lock.unlock();
      std::string problem = save(checkpoint, step);
      lock.lock();
      if (!problem.empty()) problems_.push_back(std::move(problem));
      busy_ = false;
      changed_.notify_all();
    }
  }

  /// The error of the last write, or nothing.
  std::string save(const Checkpoint& checkpoint, std::uint64_t step) const {
    try {
      write_checkpoint(folder_ / name_of_step(step), checkpoint, metadata_);
    } catch (const std::exception& error) {
      return fmt::format("the checkpoint of step {} is not written: {}", step, error.what());
    }
    return remove_old(step);
  }

  fs::path folder_;
  std::size_t keep_;
  std::map<std::string, std::string> metadata_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<std::pair<Checkpoint, std::uint64_t>> waiting_;
  bool busy_ = false;
  std::vector<std::string> problems_;
  std::jthread thread_;  ///< last member: it starts after all others exist, and ends before they are destroyed
};

CheckpointFolder::CheckpointFolder(fs::path folder, CheckpointFolderOptions options) : options_(std::move(options)) {
  if (options_.every_steps < 0 || options_.keep < 1)
    throw Error{{.where = "checkpoints",
                 .expected = "0 or more steps between them, and 1 or more to keep",
                 .received = fmt::format("{} and {}", options_.every_steps, options_.keep)}};
  formats::make_folder(folder);
  formats::remove_temporary_files(folder);
  writer_ = std::make_shared<Writer>(std::move(folder), options_.keep, options_.metadata);
}

void CheckpointFolder::on_begin(const FitBegin& begin) {
  last_ = std::chrono::steady_clock::now();
  last_step_ = begin.first_step;
  // A program that was killed may not have come to it.
  if (const std::string problem = writer_->remove_old(last_step_); !problem.empty() && options_.warn)
    options_.warn(problem);
}

bool CheckpointFolder::is_due(const Settled& settled) const {
  if (settled.step == last_step_) return false;
  const double waited = std::chrono::duration<double>(std::chrono::steady_clock::now() - last_).count();
  const bool periodic = options_.every_steps > 0 ? settled.step % static_cast<std::uint64_t>(options_.every_steps) == 0
                                                 : settled.end_of_epoch;
  return settled.last || periodic || waited >= options_.every_seconds;
}

void CheckpointFolder::on_settled(const Settled& settled, Trainer& trainer) {
  if (is_due(settled)) {
    writer_->write(trainer.checkpoint(), settled.step);
    last_ = std::chrono::steady_clock::now();
    last_step_ = settled.step;
  }
  if (settled.last) writer_->wait();
  for (const std::string& problem : writer_->take_problems())
    if (options_.warn) options_.warn(problem);
}

std::vector<fs::path> checkpoints_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failure;
  fs::directory_iterator entries(folder, failure);
  if (failure && failure != std::errc::no_such_file_or_directory)
    throw Error{{.kind = kind_of_failure(failure),
                 .where = folder.string(),
                 .expected = "a readable folder",
                 .received = failure.message()}};
  for (const fs::directory_entry& entry : entries)
    if (is_checkpoint(entry.path())) files.push_back(entry.path());
  std::ranges::sort(files, std::greater{});
  return files;
}

bool has_checkpoint(const fs::path& folder, std::uint64_t step) { return formats::exists(folder / name_of_step(step)); }

std::optional<FoundCheckpoint> newest_checkpoint(const fs::path& folder,
                                                 const std::function<void(const Error&)>& passed_over,
                                                 const std::function<void(const Checkpoint&)>& fits) {
  for (const fs::path& path : checkpoints_in(folder)) {
    try {
      FoundCheckpoint found{path, read_checkpoint(path)};
      if (fits) try {
          fits(found.checkpoint);
        } catch (const Error& error) {
          throw error.inside(path.string());
        }
      return found;
    } catch (const Error& error) {
      if (passed_over) passed_over(error);
    }
  }
  return std::nullopt;
}

std::function<void(const Checkpoint&)> of_model(const Model& model) {
  return [text = write_model_file({.model = model})](const Checkpoint& checkpoint) {
    check_identity({{"model", text}}, checkpoint.identity);
  };
}

std::optional<fs::path> restore_newest(Trainer& trainer, const fs::path& folder, const Dataset& data,
                                       const FitOptions& fit, const std::function<void(const Error&)>& passed_over) {
  std::vector<Error> problems;
  std::optional<Error> foreign;  // the first one
  bool is_whole = false;         // the one that is being looked at
  auto found = newest_checkpoint(
      folder,
      [&](const Error& error) {
        problems.push_back(error);
        if (std::exchange(is_whole, false) && !foreign) foreign = error;
      },
      [&](const Checkpoint& checkpoint) {
        is_whole = true;
        trainer.check(checkpoint, data, fit);
      });
  if (!found && foreign) throw Error(*foreign);
  for (const Error& problem : problems) passed_over(problem);
  if (!found) return {};
  trainer.restore(std::move(found->checkpoint));
  return found->path;
}

}  // namespace evenkeel
