#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "evenkeel/diagnose/measure/normalizations.h"

namespace evenkeel {

/// Programs that measure a network. They read its weights and moving statistics and share its arena; gradients,
/// supplied statistics and probes are their own. As long as no mode updates moving statistics, the network does not
/// change, except that the arena's contents are overwritten, as by any other run.
class Instrument {
 public:
  /// `options` say what the programs compute and watch (a name may be repeated); their batch size is set for each
  /// program. Throws Error if a value to be watched does not exist.
  Instrument(Network& network, CompileOptions options);

  Network& network() { return network_; }
  /// The instrument's own store, which has the probes.
  Store& store() { return store_; }
  Network::Runner& runner(std::int64_t batch_size);
  /// Sets the statistics that normalizations with Statistics::supplied use from now on. Compiles a program of that
  /// batch size if there is none, because it makes the memory for them.
  void supply(const std::vector<LayerStatistics>& statistics, std::int64_t batch_size);

  /// What can be read after a run over one batch: the batch, and the values that CompileOptions::keep names.
  struct Seen {
    const Batch& batch;
    const Network::Runner& runner;
    const Network& network;
    TensorView read(const std::string& value) const;
  };

  /// Runs all samples past the probes in order, batch by batch; the last batch may be smaller. Lines after the last
  /// probe are not run. If the optimizer keeps averages of the weights, they are used, as in evaluation. The step grows
  /// by one per batch, so that each batch has its own masks.
  void run(const Dataset& data, std::int64_t batch_size, StepContext context);
  /// The same with whole programs; calls `see` after each batch.
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
