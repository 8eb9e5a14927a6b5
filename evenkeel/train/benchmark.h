#pragma once

#include <cstdint>
#include <vector>

#include "evenkeel/program/roofline.h"
#include "evenkeel/train/network.h"

namespace evenkeel {

/// A batch of the model's inputs drawn from N(0, 1), with labels in turn, or targets of 0 where the loss compares
/// numbers. For measuring: times hardly depend on what is computed with.
Batch random_batch(const Network& network, std::int64_t size, Targets targets);
/// The targets that such a batch has for the network's loss: labels, numbers for a regression, none without a loss.
Targets random_targets(const NetworkOptions& options);

/// Milliseconds of some runs.
struct Timing {
  std::vector<double> ms = {};  ///< in the order of the runs

  double median() const;
  double quantile(double q) const;  ///< linear between neighbours
};

/// A network with one resident batch, trained on it or evaluated again and again.
class BenchmarkRun {
 public:
  /// Throws Error where the model does not build, or a step's values do not fit into memory; both before the batch is
  /// made. Train needs an optimizer and a loss.
  BenchmarkRun(const Model& model, const NetworkOptions& options, std::int64_t batch_size, bool train);

  /// One step: returns its milliseconds. It has ended when its losses can be read.
  double step();
  /// So many steps after some that are not counted.
  Timing time(int steps, int warm_up);
  /// Seconds per line (program/plan.h).
  std::vector<double> line_seconds(int runs) { return median_seconds(*runner_.executor, context_, runs); }

  Network& network() { return network_; }
  const Executor& executor() const { return *runner_.executor; }
  const Batch& batch() const { return batch_; }
  const StepContext& context() const { return context_; }  ///< of the next step

 private:
  Network network_;
  Network::Runner& runner_;
  Batch batch_;
  StepContext context_;
};

struct BenchmarkOptions {
  NetworkOptions network = {};
  std::int64_t batch_size = 32;
  int steps = 0;  ///< timed; 0: as many as take about two seconds, 5 to 200
};

struct BenchmarkResult {
  std::int64_t batch_size = 0;
  int threads = 0;
  Timing step, evaluate;  ///< of training and evaluation
  Roofline roofline;      ///< measured in the same run
  std::vector<PlanLine> lines;
  std::vector<double> line_seconds;  ///< of the training step
  MemoryReport memory;
  std::int64_t scratch_bytes = 0, resident_bytes = 0;

  double images_per_s() const;
  /// Of the machine's arithmetic: what the step's convolutions and products need at the peak, over its time.
  double peak_share() const;
};

/// Measures a model: training steps, evaluation, each op, and the machine itself before and after (the larger counts).
BenchmarkResult benchmark(const Model& model, const BenchmarkOptions& options);

}  // namespace evenkeel
