#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/report/tensorboard/event_file.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {

struct TensorBoardOptions {
  std::int64_t every = 100;      ///< steps from one summary to the next; the first step has one as well
  bool histograms = true;        ///< of weights, gradients and normalization statistics
  std::int64_t max_images = 50;  ///< images of a batch, written with the first and every tenth summary; 0: none
  /// Called with a message if events cannot be written (a full disk); training goes on without them. If not set, the
  /// Error is thrown.
  std::function<void(const std::string&)> warn = {};
};

/// A callback that writes events for TensorBoard into a run's folder:
/// - every `every` steps `loss`, `accuracy` (of that step's batch), `learning_rate`, and `images_per_s` since the last
///   summary; after each whole epoch `epoch/...` and `validation/...`;
/// - histograms `weights/<tensor>`, `gradients/<tensor>` (those the step used), `statistics/<layer>/moving_mean` and
///   `batch_mean`, which the layer computed in that step; NaN and infinite values are left out and counted in
///   `not_finite/<histogram>`;
/// - the model as text (`model/summary`, `model/toml`) and images of a batch, after augmentation (`images/batch`); if
///   there are few enough classes, a row for each class (`images/rows`).
/// A fit that begins at step 0 replaces the folder's events; a resumed one keeps those of its earlier steps. The
/// callback does not change results by a bit.
class TensorBoard {
 public:
  /// Throws Error unless `every` is 1 or more and `max_images` 0 or more.
  explicit TensorBoard(std::filesystem::path folder, TensorBoardOptions options = {});

  void on_begin(const FitBegin& e, Trainer& trainer);
  void on_step(const StepEnd& e, Trainer& trainer);
  void on_epoch(const EpochRecord& record);
  void on_partial_epoch(const EpochRecord& record);  ///< validation is of all its data; the rest is not an epoch's

 private:
  using Values = std::vector<EventValue>;
  using Clock = std::chrono::steady_clock;

  /// Measures speed, which is only shown and is not a result.
  struct Meter {
    Clock::time_point since = Clock::now();
    double seconds = 0;
    std::int64_t samples = 0;
  };

  /// Whether `step` is the first or a multiple of `every` times `summaries`.
  bool is_due(std::uint64_t step, std::int64_t summaries = 1) const;
  void begin_file(std::uint64_t first_step, const Model& model);
  void add_scalars(Values& values, const StepEnd& e);
  void write(std::uint64_t step, const Values& values);
  /// Runs the action; after an Error, no further action runs.
  void guarded(const std::function<void()>& action);

  std::filesystem::path folder_;
  TensorBoardOptions options_;
  std::optional<EventFile> file_;
  const Dataset* data_ = nullptr;  ///< of the current fit
  Meter meter_;
};

}  // namespace evenkeel
