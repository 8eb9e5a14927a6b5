#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "evenkeel/diagnose/diagnosis.h"
#include "evenkeel/train/callback.h"

namespace evenkeel::app {

/// "[=========>          ] " before `text`, as wide as the terminal leaves room for it, or nothing.
std::string with_bar(std::int64_t done, std::int64_t of, const std::string& text);

/// A line on stderr that is drawn over itself, at most ten times a second. Where it ends unfinished, the cursor goes to
/// a new line, so that a message that follows stands by itself.
class StatusLine {
 public:
  StatusLine() = default;
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;
  ~StatusLine();
  bool due() const;  ///< whether a tenth of a second has passed
  void draw(const std::string& text);
  /// Puts a whole line in its place; an empty one only removes it.
  void finish(const std::string& text);

 private:
  std::chrono::steady_clock::time_point drawn_{};
  bool open_ = false;
};

/// A callback that shows training on stderr: on a terminal a bar with loss, accuracy, images per second and the time
/// left, else a line per epoch and, in a run of so many steps, per tenth of it.
class ProgressBar {
 public:
  explicit ProgressBar(bool step_driven);
  void on_begin(const FitBegin& begin);
  void on_step(const StepEnd& step);
  void on_epoch(const EpochRecord& record);
  void on_partial_epoch(const EpochRecord& record);

 private:
  double seconds() const;
  std::int64_t position(const StepEnd& step) const;  ///< steps of the run, those before it was resumed among them
  std::string bar(const StepEnd& step) const;
  std::string epoch_name(std::int64_t epoch) const;
  void finish(const EpochRecord& record, const std::string& name);

  bool step_driven_, terminal_;
  FitBegin begin_;
  std::chrono::steady_clock::time_point start_{};
  std::unique_ptr<StatusLine> line_;
};

/// Shows how far an evaluation is, on a terminal; nothing elsewhere.
std::function<void(std::int64_t done, std::int64_t of)> evaluation_progress(const std::string& what, bool quiet);

/// The same for a diagnosis: the part that is being checked, and the time that is left. Elsewhere a line now and then.
DiagnosisProgress diagnosis_progress(bool quiet);

}  // namespace evenkeel::app
