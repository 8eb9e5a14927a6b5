#include <gtest/gtest.h>

#include <array>

#include "evenkeel/data/sources.h"
#include "evenkeel/train/trainer.h"
#include "tests/support/training.h"

namespace evenkeel {
namespace {

std::vector<std::byte> trained(const Dataset& data, int threads) {
  Trainer trainer(
      small_network(),
      {.loss = SoftmaxCrossEntropy{}, .optimizer = Adam{}, .batch_size = 16, .compute = {.threads = threads}});
  trainer.fit(data, {.steps = 2});
  return bytes_of(trainer.network().store().parameters);
}

/// There each network has one thread, whatever it asks for. Kernels prepared for two would wait for the second.
TEST(ParallelRegion, OfACallerTrainsNetworksOfOneThread) {
  const Dataset data = load_dataset("strokes:test[:64]", Split::test);
  const std::vector<std::byte> expected = trained(data, 1);
  std::array<std::vector<std::byte>, 2> received;
#pragma omp parallel for num_threads(2)
  for (std::size_t i = 0; i < received.size(); ++i) received[i] = trained(data, 2);
  for (const auto& bytes : received) EXPECT_TRUE(bytes == expected);
}

}  // namespace
}  // namespace evenkeel
