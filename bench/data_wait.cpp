// How long training waits for its data: data_wait [STEPS] trains the placement network on CIFAR-10 (patches where it is
// not on this disk), plain and with flip and crop, and shows the share of time in Batches::next.
#include <fmt/format.h>

#include <chrono>
#include <string>

#include "evenkeel/data/sources.h"
#include "evenkeel/nn/model_file.h"
#include "evenkeel/train/trainer.h"

namespace {

using namespace evenkeel;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void measure(const char* name, const Dataset& data, const Augmentation& augmentation, int steps) {
  constexpr std::int64_t kBatch = 250;
  constexpr int kWarmUp = 10;
  const Model model = read_model_file(EVENKEEL_SOURCE_DIR "/examples/models/placement.toml").model;
  Trainer trainer(model, {.loss = SoftmaxCrossEntropy{}, .batch_size = kBatch});
  Batches batches(data, {.batch_size = kBatch, .across_epochs = true, .augmentation = augmentation});
  for (int i = 0; i < kWarmUp; ++i) trainer.step(batches.next());
  double waiting = 0;
  const auto start = Clock::now();
  for (int i = 0; i < steps; ++i) {
    const auto asked = Clock::now();
    const Batch& batch = batches.next();
    waiting += seconds_since(asked);
    trainer.step(batch);
  }
  const double all = seconds_since(start);
  fmt::print("{:<14} {:.2f} ms a step, {:.0f} images/s, {:.2f} % of it waiting for data\n", name, 1000 * all / steps,
             static_cast<double>(steps * kBatch) / all, 100 * waiting / all);
}

}  // namespace

int main(int argc, char** argv) {
  const int steps = argc > 1 ? std::stoi(argv[1]) : 300;
  const std::string set = find_source("cifar10") ? "cifar10:train" : "patches:train";
  const Dataset data = load_dataset(set, Split::train);
  for (int round = 0; round < 3; ++round) {
    measure("plain", data, {}, steps);
    measure("flip and crop", data, {.flip = true, .crop_padding = 4}, steps);
  }
}
