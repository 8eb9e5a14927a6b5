#pragma once

#include <cstdint>
#include <vector>

#include "evenkeel/program/roofline.h"
#include "evenkeel/train/network.h"

namespace evenkeel {

/// A batch of inputs drawn from N(0, 1), with labels 0, 1, 2, ... in turn, or targets of 0 if the loss compares
/// numbers. It serves to measure time, which hardly depends on the values.
Batch random_batch(const Network& network, std::int64_t size, Targets targets);
/// The targets of such a batch for the network's loss: labels, numbers for mse, none without a loss.
Targets random_targets(const Network& network);

/// The milliseconds of several runs.
struct Timing {
  std::vector<double> ms = {};  ///< in the order of the runs

  double median() const;
  double quantile(double q) const;  ///< linear between neighbours
};

/// A network with one resident batch, trained on it or evaluated again and again.
class BenchmarkRun {
 public:
  /// With `train` it runs training steps, which needs an optimizer and a loss; otherwise evaluation. With several
  /// processes (NetworkOptions::spreading), each must make as many steps, on a batch of this size of its own. Throws
  /// Error if the model is not valid, or a step's values do not fit into memory; both before the batch is made.
  BenchmarkRun(const Model& model, const NetworkOptions& options, std::int64_t batch_size, bool train);

  /// Runs one step, until its losses can be read, and returns its milliseconds.
  double step();
  /// Times so many steps, after `warm_up` steps that are not timed.
  Timing time(int steps, int warm_up);
  /// The median seconds of each line (program/plan.h).
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
  int steps = 0;         ///< timed steps; 0: as many as take about two seconds, 5 to 200
  bool predict = false;  ///< predictions, which need no loss and no optimizer, in place of training and evaluation
};

struct BenchmarkResult {
  std::int64_t batch_size = 0;
  int threads = 0;
  Timing step;           ///< of training, or of a prediction
  Timing evaluate = {};  ///< with the loss; not where predictions are measured
  Timing single = {};    ///< predictions of one sample; not where training is measured
  Roofline roofline;     ///< measured in the same run
  std::vector<PlanLine> lines;
  std::vector<double> line_seconds;  ///< of `step`
  MemoryReport memory;
  std::int64_t scratch_bytes = 0, resident_bytes = 0;

  double images_per_s() const;
  /// Share of the machine's peak arithmetic: the time that the step's convolutions and products would take at the peak,
  /// divided by the step's time.
  double peak_share() const;
};

/// Measures a model: training steps and evaluation, or predictions of a batch and of single samples; each op; and the
/// machine's limits before and after (the larger ones count).
BenchmarkResult benchmark(const Model& model, const BenchmarkOptions& options);

}  // namespace evenkeel
