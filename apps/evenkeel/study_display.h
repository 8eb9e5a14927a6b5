#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common.h"
#include "evenkeel/studies/run_study.h"

namespace evenkeel::app {

/// Shows a study while it runs: what it measures, line by line, and on a terminal below it a table of its runs that is
/// drawn over itself.
class StudyDisplay final : public StudyObserver {
 public:
  explicit StudyDisplay(const Shared& shared);
  ~StudyDisplay() override;
  StudyDisplay(const StudyDisplay&) = delete;
  StudyDisplay& operator=(const StudyDisplay&) = delete;

  void run_begins(const StudyVariant& variant, std::uint64_t seed) override;
  void step(std::int64_t done, std::int64_t of, const Metrics& batch) override;
  void line(const std::string& text) override;
  void run_ends(const StudyVariant& variant, const StudyRun& run, bool kept) override;
  void warn(const std::string& text) override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Row {
    std::string variant, seed, progress = {}, loss = {}, accuracy = {}, time = {};
  };

  void print(const std::string& text);
  void draw();
  void erase();

  const Shared& shared_;
  bool live_;
  std::vector<Row> rows_;
  /// The first update of a run that this process makes.
  struct FirstStep {
    std::int64_t number;
    Clock::time_point at;
  };

  int drawn_ = 0;  ///< lines of the table on the screen
  std::optional<FirstStep> first_step_ = {};
  Clock::time_point drawn_at_{};
};

}  // namespace evenkeel::app
