#include "evenkeel/runs/checkpoint_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/train/trainer.h"

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

/// The temporary file of a process that was killed while it wrote.
void remove_leftovers(const fs::path& folder) {
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, none))
    if (entry.path().extension() == ".tmp" && entry.path().filename().string().starts_with(".evenkeel-"))
      fs::remove(entry.path(), none);
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
      const auto files = checkpoints_in(folder_);
      for (std::size_t i = keep_; i < files.size(); ++i) fs::remove(files[i]);
      return {};
    } catch (const std::exception& error) {
      return fmt::format("the checkpoint of step {} is not written: {}", step, error.what());
    }
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
  remove_leftovers(folder);
  writer_ = std::make_shared<Writer>(std::move(folder), options_.keep, options_.metadata);
}

void CheckpointFolder::on_begin(const FitBegin& begin) {
  last_ = std::chrono::steady_clock::now();
  last_step_ = begin.first_step;
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

std::optional<FoundCheckpoint> newest_checkpoint(const fs::path& folder,
                                                 const std::function<void(const Error&)>& damaged) {
  for (const fs::path& path : checkpoints_in(folder)) {
    try {
      return FoundCheckpoint{path, read_checkpoint(path)};
    } catch (const Error& error) {
      if (damaged) damaged(error);
    }
  }
  return std::nullopt;
}

}  // namespace evenkeel
