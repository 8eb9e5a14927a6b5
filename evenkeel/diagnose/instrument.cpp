#include "evenkeel/diagnose/instrument.h"

#include <algorithm>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

int behind_last_probe(const Program& program) {
  const auto& nodes = program.nodes();
  const auto last = std::ranges::find(nodes.rbegin(), nodes.rend(), Phase::probe, &Node::phase);
  return static_cast<int>(nodes.rend() - last);
}

}  // namespace

Instrument::Instrument(Network& network, CompileOptions options)
    : network_(network),
      options_(std::move(options)),
      store_(network.store().sharing_weights()),
      threads_(network.threads()) {
  options_.real = network.options().real;
  options_.fuse = network.options().fuse;
  // In float32 even where the network trains in bfloat16: what is measured is the network, not the rounding.
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
    store_.supplied.set(of.layer + "/supplied_mean", as_tensor(of.mean, options_.real));
    store_.supplied.set(of.layer + "/supplied_variance", as_tensor(of.variance, options_.real));
  }
}

void Instrument::run(const Dataset& data, std::int64_t batch_size, StepContext context) {
  if (batch_size < 1)
    throw Error{{.where = "batch size", .expected = "at least 1", .received = std::to_string(batch_size)}};
  network_.check(data, options_.loss.has_value());
  const AveragedWeights averaged(network_);
  Batches batches(data, {.batch_size = std::min(batch_size, data.size()), .shuffle = false});
  for (std::int64_t first = 0; first < data.size(); ++context.step) {
    const Batch& batch = batches.next();
    Network::Runner& of_this_size = runner(batch.size);
    network_.run(of_this_size, batch, context, {0, behind_last_probe(*of_this_size.compiled.program)});
    first += batch.size;
  }
}

}  // namespace evenkeel
