#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace evenkeel {

/// A network between processes: a message of n bytes takes latency + n / bandwidth.
struct NetworkModel {
  double latency = 20e-6;      ///< seconds of a message, from program to program
  double bandwidth = 3.125e9;  ///< bytes a second, in each direction

  /// "25Gb" (bits a second), "10GB" (bytes), with a latency if it is known: "100Gb,2us". Throws Error for another text.
  static NetworkModel of(const std::string& text);
  std::string text() const;  ///< "25 Gb/s, 20 us a message"
};

/// Seconds of an all-reduce of so many bytes over so many processes, one on each machine: by a ring (2 (N - 1) messages
/// of n / N), or by trees (2 log2 N messages, with as many bytes as the ring), or by exchanging everything (log2 N
/// messages of n): the fastest of them, as MPI chooses.
double all_reduce_seconds(const NetworkModel& network, std::int64_t bytes, int processes);

/// What one process does in a step, in order.
struct LocalEvent {
  enum Kind { compute, wait_for_sum, start_sum, finish_sums };
  Kind kind = compute;
  double seconds = 0;      ///< of computing
  std::int64_t bytes = 0;  ///< of a sum
};

struct StepCost {
  double seconds = 0;     ///< of the step
  double compute = 0;     ///< of them
  double statistics = 0;  ///< waiting for sums that the next line needs: statistics, figures
  double gradients = 0;   ///< waiting for gradients after the backward pass
  int sums = 0;           ///< that are waited for at once
  double gradient_bytes = 0;
  double communication_share() const { return seconds > 0 ? (statistics + gradients) / seconds : 0; }
  /// "computing", "the latency of 42 sums", "the bandwidth for gradients", "the latency of gradients"
  std::string limit(const NetworkModel& network, int processes) const;
};

/// The step over so many processes. Gradients leave one after the other while the process computes; sums that are
/// waited for take the network for themselves. No process waits for a slower one.
StepCost step_cost(const std::vector<LocalEvent>& events, const NetworkModel& network, int processes);

}  // namespace evenkeel
