#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "evenkeel/diagnose/measure/normalizations.h"

namespace evenkeel {

/// Programs of a network that watch what its own do not. They read its weights and moving statistics and share its
/// arena; gradients, supplied statistics and probes are their own. As long as no mode lets moving statistics follow,
/// nothing of the network changes; what its own programs left in the arena is gone, as behind any other run.
class Instrument {
 public:
  /// `options` say what the programs compute and watch, names repeated or not; their batch size is set for each. Throws
  /// Error where a value to be watched does not exist.
  Instrument(Network& network, CompileOptions options);

  Network& network() { return network_; }
  /// Its own: with the probes.
  Store& store() { return store_; }
  Network::Runner& runner(std::int64_t batch_size);
  /// What normalizations with Statistics::supplied use from now on. A program of that batch size is made if there is
  /// none yet: with it the memory for them.
  void supply(const std::vector<LayerStatistics>& statistics, std::int64_t batch_size);

  /// What a run over one batch left: the batch, and the values that CompileOptions::keep names.
  struct Seen {
    const Batch& batch;
    const Network::Runner& runner;
    TensorView read(const std::string& value) const;
  };

  /// Lets the probes see all samples in order, batch by batch, the last one as small as it is. Lines behind the last
  /// probe are not run. Where the optimizer keeps averages of the weights they are used, as evaluation does. The step
  /// counts up from batch to batch, so that each has masks of its own.
  void run(const Dataset& data, std::int64_t batch_size, StepContext context);
  /// The same over whole programs, and `see` looks at each batch.
  void run(const Dataset& data, std::int64_t batch_size, StepContext context,
           const std::function<void(const Seen&)>& see);

 private:
  void each_batch(const Dataset& data, std::int64_t batch_size,
                  const std::function<void(const Batch&, Network::Runner&)>& run_one);

  Network& network_;
  CompileOptions options_;
  Store store_;
  Threads threads_;
  std::map<std::int64_t, Network::Runner> runners_;
};

}  // namespace evenkeel
