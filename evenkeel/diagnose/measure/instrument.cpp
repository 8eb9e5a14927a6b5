#include "evenkeel/diagnose/measure/instrument.h"

#include <algorithm>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

int behind_last_probe(const Program& program) {
  const auto& nodes = program.nodes();
  const auto last = std::ranges::find(nodes.rbegin(), nodes.rend(), Phase::probe, &Node::phase);
  return static_cast<int>(nodes.rend() - last);
}

void make_distinct(std::vector<std::string>& names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

Instrument::Instrument(Network& network, CompileOptions options)
    : network_(network),
      options_(std::move(options)),
      store_(network.store().sharing_weights()),
      threads_(network.threads()) {
  options_.compute = {.fuse = network.options().compute.fuse, .real = network.options().compute.real};
  make_distinct(options_.probes);
  make_distinct(options_.keep);
  // A batch keeps its inputs.
  for (const Model::Input& input : network.model().inputs()) std::erase(options_.keep, input.name);
  // In float32 even if the network trains in bfloat16, to measure the network instead of the rounding.
}

Network::Runner& Instrument::runner(std::int64_t batch_size) {
  const auto found = runners_.find(batch_size);
  if (found != runners_.end()) return found->second;
  options_.batch_size = batch_size;
  Network::Runner made{.compiled = compile(network_.model(), options_), .executor = nullptr, .train = options_.train};
  made.executor = std::make_unique<Executor>(*made.compiled.program, store_, network_.arena(), threads_);
  return runners_.emplace(batch_size, std::move(made)).first->second;
}

void Instrument::supply(const std::vector<LayerStatistics>& statistics, std::int64_t batch_size) {
  runner(batch_size);
  for (const LayerStatistics& of : statistics) {
    store_.supplied.set(of.layer + "/supplied_mean", as_tensor(of.mean, options_.compute.real));
    store_.supplied.set(of.layer + "/supplied_variance", as_tensor(of.variance, options_.compute.real));
  }
}

TensorView Instrument::Seen::read(const std::string& value) const {
  const auto& inputs = network.model().inputs();
  const auto input = std::ranges::find(inputs, value, &Model::Input::name);
  if (input == inputs.end()) return runner.read(value);
  return batch.input(static_cast<std::size_t>(input - inputs.begin())).view();
}

void Instrument::each_batch(const Dataset& data, std::int64_t batch_size,
                            const std::function<void(const Batch&, Network::Runner&)>& run_one) {
  if (batch_size < 1)
    throw Error{{.where = "batch size", .expected = "at least 1", .received = std::to_string(batch_size)}};
  network_.check(data, options_.loss.has_value());
  const AveragedWeights averaged(network_);
  Batches batches(data, {.batch_size = std::min(batch_size, data.size()), .shuffle = false});
  for (std::int64_t first = 0; first < data.size();) {
    const Batch& batch = batches.next();
    run_one(batch, runner(batch.size));
    first += batch.size;
  }
}

void Instrument::run(const Dataset& data, std::int64_t batch_size, StepContext context) {
  each_batch(data, batch_size, [&](const Batch& batch, Network::Runner& runner) {
    network_.run(runner, batch, context, {0, behind_last_probe(*runner.compiled.program)});
    ++context.step;
  });
}

void Instrument::run(const Dataset& data, std::int64_t batch_size, StepContext context,
                     const std::function<void(const Seen&)>& see) {
  each_batch(data, batch_size, [&](const Batch& batch, Network::Runner& runner) {
    network_.run(runner, batch, context);
    see({batch, runner, network_});
    ++context.step;
  });
}

}  // namespace evenkeel
