#include "evenkeel/report/tensorboard/tensor_histograms.h"

#include <string_view>

namespace evenkeel {
namespace {

class Collector {
 public:
  Collector(std::vector<EventValue>& values, int threads) : values_(values), threads_(threads) {}

  void add(const std::string& tag, TensorView tensor) {
    kernels::histogram(tensor.as<float>(), histogram_, threads_);
    if (histogram_.finite > 0) values_.push_back({.tag = tag, .value = buckets_of(histogram_)});
    if (histogram_.not_finite > 0)
      values_.push_back({.tag = "not_finite/" + tag, .value = static_cast<double>(histogram_.not_finite)});
  }

 private:
  std::vector<EventValue>& values_;
  Threads threads_;
  kernels::Histogram histogram_;
};

std::string without(std::string text, std::string_view suffix) {
  if (text.ends_with(suffix)) text.resize(text.size() - suffix.size());
  return text;
}

/// "bn/moving_mean" -> "bn/batch_mean"; empty for a state that does not follow a statistic of the batch.
std::string followed_by(const std::string& state) {
  constexpr std::string_view kMoving = "/moving_";
  const auto at = state.rfind(kMoving);
  return at == std::string::npos ? "" : state.substr(0, at) + "/batch_" + state.substr(at + kMoving.size());
}

}  // namespace

void add_histograms(std::vector<EventValue>& values, const Network& network, const Network::Runner& runner) {
  Collector collector(values, network.threads());
  const Store& store = network.store();
  for (const auto& entry : store.parameters.layout().entries)
    collector.add("weights/" + entry.name, store.parameters.get(entry.name));
  for (const auto& entry : store.gradients.layout().entries)
    collector.add("gradients/" + without(entry.name, "/gradient"), store.gradients.get(entry.name));
  for (const auto& entry : store.state.layout().entries) {
    collector.add("statistics/" + entry.name, store.state.get(entry.name));
    const std::string batch = followed_by(entry.name);
    const Program& program = *runner.compiled.program;
    // Of a layer that only an untrained output needs, nothing is kept.
    if (const int id = program.id_of(batch); id >= 0 && program.value(id).kept)
      collector.add("statistics/" + batch, runner.executor->read(id));
  }
}

}  // namespace evenkeel
