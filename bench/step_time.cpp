// Our worker for bench/compare (protocol: bench/compare/worker.py): step_time --workload W1|W2|W3 --threads N, then
// lines
//   step K -> {"ms": [...]}        K training steps on one resident batch
//   peak   -> {"gflops": x}        the machine's FMA peak with these threads
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <iostream>
#include <map>
#include <string>

#include "bench/fma_peak.h"
#include "evenkeel/base/philox.h"
#include "evenkeel/nn/model_file.h"
#include "evenkeel/train/trainer.h"

namespace {

using namespace evenkeel;

struct Workload {
  const char* model;  ///< below examples/models
  std::int64_t batch;
  Loss loss;
  Adam adam;
};

const std::map<std::string, Workload> kWorkloads = {
    {"W1", {"placement.toml", 250, SoftmaxCrossEntropy{}, {.learning_rate = 0.001}}},
    {"W2", {"speedup.toml", 500, SoftmaxCrossEntropy{}, {.learning_rate = 0.001, .epsilon = 1e-8}}},
    {"W3", {"depth.toml", 64, SigmoidCrossEntropy{}, {.learning_rate = 0.002, .epsilon = 1e-8}}},
};

Batch random_batch(const Shape& sample, std::int64_t n) {
  RandomStream stream({.seed = 1, .purpose = Purpose::study});
  Batch batch;
  batch.x = Tensor(sample.batched(n), DType::float32);
  batch.labels = Tensor({n}, DType::int32);
  batch.size = n;
  for (float& v : batch.x.as<float>()) v = static_cast<float>(stream.uniform(0, 255));
  for (std::int32_t& v : batch.labels.as<std::int32_t>()) v = static_cast<std::int32_t>(stream.below(10));
  return batch;
}

int serve(const Workload& workload, int threads) {
  const Model model = read_model_file(std::string(EVENKEEL_SOURCE_DIR "/examples/models/") + workload.model).model;
  Trainer trainer(
      model, {.loss = workload.loss, .optimizer = workload.adam, .batch_size = workload.batch, .threads = threads});
  const Batch batch = random_batch(model.input_shape(), workload.batch);
  for (std::string command; std::cin >> command;) {
    if (command == "peak") {
      std::cout << fmt::format("{{\"gflops\": {:.1f}}}", fma_peak_gflops(Threads(threads))) << std::endl;
      continue;
    }
    int count = 0;
    if (command != "step" || !(std::cin >> count)) return 2;
    std::vector<double> ms;
    for (int i = 0; i < count; ++i) {
      const auto start = std::chrono::steady_clock::now();
      trainer.step(batch);
      ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    std::cout << fmt::format("{{\"ms\": [{:.4f}]}}", fmt::join(ms, ", ")) << std::endl;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  std::string workload = "W3";
  int threads = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--workload") workload = argv[i + 1];
    if (flag == "--threads") threads = std::stoi(argv[i + 1]);
  }
  return serve(kWorkloads.at(workload), threads);
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 2;
}
