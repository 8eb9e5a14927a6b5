#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "tests/nn/network.h"
#include "tests/support/allocations.h"

namespace evenkeel {
namespace {

/// Allocations during three more runs after the first.
int allocations_after_the_first_run(Compiled& network) {
  network.run();
  return allocations_during([&] {
    for (network.step.step = 1; network.step.step < 4; ++network.step.step) network.run();
  });
}

TEST(Allocations, AreCounted) {
  EXPECT_EQ(allocations_during([] {
              const auto numbers = std::make_unique<std::vector<int>>(1000);
              const AlignedBuffer buffer(64);
            }),
            3);
}

TEST(Executor, AllocatesNothingAfterTheFirstTrainingStep) {
  Memory memory{.threads = Threads(2)};
  Compiled network(varied_model(),
                   {.batch_size = 5,
                    .loss = SoftmaxCrossEntropy{},
                    .targets = Targets::labels,
                    .train = true,
                    .update = adam,
                    .probes = {"hidden/output"}},
                   memory);
  EXPECT_EQ(allocations_after_the_first_run(network), 0);
}

TEST(Executor, AllocatesNothingAfterTheFirstEvaluation) {
  Memory memory;
  Compiled network(varied_model(), {.batch_size = 5, .loss = SoftmaxCrossEntropy{}, .targets = Targets::labels},
                   memory);
  std::ranges::fill(network.step.modes, LayerMode::of(Mode::evaluate));
  EXPECT_EQ(allocations_after_the_first_run(network), 0);
}

}  // namespace
}  // namespace evenkeel
