#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/diagnose/finding.h"
#include "evenkeel/train/callback.h"

namespace evenkeel {

struct TrainingDoctorOptions {
  std::int64_t samples = 1000;  ///< of the training data; rules on statistics and dead channels need as many
  /// Between two checks training sees at least so many times the sample, so that checks cost a few percent however
  /// short the epochs are. There is always a check at the end.
  double training_per_look = 50;
  /// Called once for each finding (warnings and errors): a cause in a layer is new only the first time.
  std::function<void(const Finding&, std::int64_t epoch)> tell = {};
};

/// A callback that applies the cheap rules (Rule::cheap) during training, at the ends of epochs. It does not change
/// training by a bit.
class TrainingDoctor {
 public:
  explicit TrainingDoctor(TrainingDoctorOptions options) : options_(std::move(options)) {}
  void on_begin(const FitBegin& begin);
  void on_epoch(const EpochRecord& record, Trainer& trainer);
  void on_end(const History& history, Trainer& trainer);

 private:
  void look(Trainer& trainer);

  TrainingDoctorOptions options_;
  Dataset sample_;
  std::int64_t batch_size_ = 0, epoch_ = 0;
  std::optional<std::int64_t> last_batch_;              ///< of an epoch, where it is smaller
  std::uint64_t looked_at_ = 0;                         ///< updates at the last check
  std::set<std::pair<std::string, std::string>> told_;  ///< code and layer
};

}  // namespace evenkeel
