#include <gtest/gtest.h>

#include "evenkeel/studies/workloads.h"
#include "evenkeel/train/benchmark.h"
#include "tests/guard/baseline.h"

namespace evenkeel {
namespace {

// Exact: the bytes follow from shapes alone. Fusing makes them fewer.
TEST(MemoryPasses, OfTheWorkloadsAreThoseOfTheBaseline) {
  Counts bytes;
  for (const std::string& name : workload_names()) {
    const Workload workload = workload_named(name);
    const NetworkOptions options{.loss = workload.loss, .optimizer = workload.optimizer};
    Network network(workload.model, options);
    for (const bool train : {true, false}) {
      const auto& runner = network.runner(workload.batch_size, random_targets(network),
                                          train ? Network::Use::training : Network::Use::evaluation);
      bytes[name + (train ? " training" : " evaluation")] = static_cast<double>(
          totals_of(plan_of(*runner.executor, network.context(train ? Mode::train : Mode::evaluate))).bytes);
    }
  }
  check_baseline("bytes", bytes, 0);
}

}  // namespace
}  // namespace evenkeel
