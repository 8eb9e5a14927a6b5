#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/app/app_test.h"

namespace evenkeel {

/// A short training run in the folder "run", in which something happens at the n-th call that changes a file there
/// (shim.cpp).
class FaultyRun : public App {
 protected:
  /// What a run folder holds, by file name, without what may differ between two runs: times, and how it was begun.
  using Content = std::map<std::string, std::string>;

  FaultyRun();

  std::vector<std::string> training(const std::string& out) const;
  /// Begins the run and lets `what` happen (FAULT_ON) at the n-th call; 0: never.
  RunningProgram::Result begin(long n, const std::string& what);
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

  std::vector<std::string> under_shim(long n, const std::string& what) const;

  // Of a run that nothing happens to.
  Content whole_;
  std::vector<std::string> calls_;
};

}  // namespace evenkeel
