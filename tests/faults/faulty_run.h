#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "tests/app/app_test.h"

namespace evenkeel {

/// A command that fills the folder "run", in which something happens at the n-th call that changes a file there
/// (shim.cpp). With --resume it goes on.
class FaultyRun : public App {
 protected:
  /// What a run folder holds, by file name, without what may differ between two runs: times, and how it was begun.
  using Content = std::map<std::string, std::string>;

  /// Runs the command to its end, to know what it leaves.
  explicit FaultyRun(std::vector<std::string> command);

  /// Begins the run and lets `what` happen (FAULT_ON) at the n-th call; 0: never. Each of these calls first waits so
  /// many milliseconds.
  RunningProgram::Result begin(long n, const std::string& what, int milliseconds = 0);
  /// Goes on with what is there. A run that had not begun yet is begun again by the same command in every other trial.
  RunningProgram::Result go_on(bool by_resuming = true);
  /// The calls of the program that ran last, a line each.
  std::vector<std::string> calls();
  void remove_run();

  Content content();
  /// The differences to an uninterrupted run, one a line; empty if there are none.
  std::string differences();
  /// The same of an interrupted run, which has a checkpoint more: of the step it was interrupted at.
  std::string differences_after_interruption();
  /// The same of the results alone: the weights, and the best ones.
  std::string differences_of_results();

  std::vector<std::string> under_shim(long n, const std::string& what, int milliseconds = 0) const;

  void expect_it_goes_on(bool by_resuming);
  /// A call failed, and the program ended with `result`.
  void expect_a_failure_is_told(const RunningProgram::Result& result);

  const std::vector<std::string> command_;
  // Of a run that nothing happens to.
  Content whole_;
  std::vector<std::string> calls_;
};

/// A test of all calls is several tests of some, so that they run side by side.
inline constexpr int kShares = 4;
inline const auto kAllShares = testing::Range(0, kShares);

/// `make faults`: every error and signal at every call, and a second program too.
inline const bool kTriesAll = std::getenv("EVENKEEL_ALL_FAULTS") != nullptr;

class Share : public FaultyRun, public testing::WithParamInterface<int> {
 protected:
  using FaultyRun::FaultyRun;

  /// Calls `trial` with every n of this share, or one of `stride` unless everything is tried, in an empty folder.
  template <class F>
  void at_every_call(F trial, std::size_t stride = 1) {
    for (std::size_t n = 1 + static_cast<std::size_t>(GetParam()); n <= calls_.size();
         n += kShares * (kTriesAll ? 1 : stride)) {
      SCOPED_TRACE(fmt::format("at call {}: {}", n, calls_[n - 1]));
      trial(static_cast<long>(n));
      if (HasFailure()) return;
      remove_run();
    }
  }
};

}  // namespace evenkeel
