#include "evenkeel/train/benchmark.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "evenkeel/base/error.h"
#include "evenkeel/base/memory.h"
#include "evenkeel/base/philox.h"

namespace evenkeel {
namespace {

constexpr double kEnoughMs = 2000;
constexpr int kFewestSteps = 5, kMostSteps = 200, kLineRuns = 10;

Network::Runner& runner_that_fits(Network& network, std::int64_t batch_size, bool train) {
  if (batch_size < 1)
    throw Error{{.where = "batch size", .expected = "at least 1", .received = std::to_string(batch_size)}};
  Network::Runner& runner =
      train ? network.training_runner({.total = batch_size, .first = 0, .size = batch_size}, random_targets(network))
            : network.runner(batch_size, random_targets(network), Network::Use::evaluation);
  runner.executor->reserve();
  return runner;
}

/// Steps that take about two seconds.
int enough_steps(double step_ms) {
  return static_cast<int>(std::clamp(std::ceil(kEnoughMs / step_ms), double{kFewestSteps}, double{kMostSteps}));
}

Timing time_enough(BenchmarkRun& run, int steps) {
  const double first = run.time(1, 2).median();
  return run.time(steps > 0 ? steps : enough_steps(first), 0);
}

Roofline larger(const Roofline& a, const Roofline& b) {
  return {.gflops = std::max(a.gflops, b.gflops), .gbytes_per_s = std::max(a.gbytes_per_s, b.gbytes_per_s)};
}

}  // namespace

Batch random_batch(const Network& network, std::int64_t size, Targets targets) {
  RandomStream random({.seed = 0, .purpose = Purpose::study});
  Batch batch;
  batch.size = size;
  batch.part = {.total = size, .first = 0, .size = size};
  batch.x = Tensor(network.model().input_shape().batched(size), DType::float32);
  for (const Model::Input& input : std::span(network.model().inputs()).subspan(1))
    batch.more.emplace_back(input.shape.batched(size), DType::float32);
  for (float& x : batch.x.as<float>()) x = static_cast<float>(random.normal());
  for (Tensor& other : batch.more)
    for (float& x : other.as<float>()) x = static_cast<float>(random.normal());
  if (targets == Targets::labels) {
    batch.labels = Tensor({size}, DType::int32);
    const auto classes = static_cast<std::int32_t>(std::max<std::int64_t>(2, network.outputs()));
    std::int32_t next = 0;
    for (std::int32_t& label : batch.labels.as<std::int32_t>()) label = next++ % classes;
  } else if (targets == Targets::values) {
    batch.targets = Tensor({size, network.outputs()}, DType::float32);
  }
  return batch;
}

Targets random_targets(const Network& network) {
  const std::optional<Loss>& loss = network.options().loss;
  if (!loss) return Targets::none;
  const bool have_classes = scores_of(*loss) != Scores::outputs && network.positions() == 1;
  return have_classes ? Targets::labels : Targets::values;
}

double Timing::median() const { return quantile(0.5); }

double Timing::quantile(double q) const {
  std::vector<double> sorted = ms;
  std::ranges::sort(sorted);
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at), above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], at - std::floor(at));
}

BenchmarkRun::BenchmarkRun(const Model& model, const NetworkOptions& options, std::int64_t batch_size, bool train)
    : network_(model, options),
      runner_(runner_that_fits(network_, batch_size, train)),
      batch_(random_batch(network_, batch_size, random_targets(network_))),
      context_(network_.context(train ? Mode::train : Mode::evaluate)) {
  network_.run(runner_, batch_, context_);
}

double BenchmarkRun::step() {
  const auto start = std::chrono::steady_clock::now();
  network_.run(runner_, batch_, context_, runner_.executor->after_constants());
  ++context_.step;
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

Timing BenchmarkRun::time(int steps, int warm_up) {
  for (int i = 0; i < warm_up; ++i) step();
  Timing timing;
  for (int i = 0; i < steps; ++i) timing.ms.push_back(step());
  return timing;
}

double BenchmarkResult::images_per_s() const { return 1e3 * static_cast<double>(batch_size) / step.median(); }

double BenchmarkResult::peak_share() const { return totals_of(lines).flops / (1e6 * step.median() * roofline.gflops); }

BenchmarkResult benchmark(const Model& model, const BenchmarkOptions& options) {
  BenchmarkResult result;
  result.batch_size = options.batch_size;
  const Threads threads(options.network.compute.threads);
  NetworkOptions network = options.network;
  if (options.predict) network.loss = {};
  {
    BenchmarkRun run(model, network, options.batch_size, !options.predict);
    const Roofline before = measure_roofline(threads);
    result.step = time_enough(run, options.steps);
    result.line_seconds = run.line_seconds(kLineRuns);
    result.roofline = larger(before, measure_roofline(threads));
    result.lines = plan_of(run.executor(), run.context());
    result.memory = run.executor().program().memory;
    result.scratch_bytes = static_cast<std::int64_t>(run.executor().scratch_bytes());
    result.threads = run.network().threads();
    result.resident_bytes = resident_memory();
  }
  BenchmarkRun other(model, network, options.predict ? 1 : options.batch_size, false);
  (options.predict ? result.single : result.evaluate) = time_enough(other, options.steps);
  return result;
}

}  // namespace evenkeel
