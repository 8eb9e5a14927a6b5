#include "evenkeel/diagnose/measure/normalizations.h"

#include <algorithm>

#include "evenkeel/nn/layers/normalization.h"

namespace evenkeel {
namespace {

std::vector<double> in_double(TensorView view) {
  const Tensor values = converted(view, DType::float64);
  return {values.as<double>().begin(), values.as<double>().end()};
}

}  // namespace

bool is_initial(const LayerStatistics& statistics) {
  return std::ranges::all_of(statistics.mean, [](double m) { return m == 0; }) &&
         std::ranges::all_of(statistics.variance, [](double v) { return v == 1; });
}

bool is_statistic(const std::string& tensor) {
  return tensor.ends_with("/moving_mean") || tensor.ends_with("/moving_variance");
}

Tensor as_tensor(const std::vector<double>& values, DType dtype) {
  return converted(Tensor::of<double>({std::ssize(values)}, values), dtype);
}

std::vector<Normalization> normalizations(const Model& model) {
  std::vector<Normalization> found;
  for (int i = 0; i < model.layers(); ++i) {
    const Layer& layer = model.nodes()[static_cast<std::size_t>(i)].layer;
    const auto add = [&](const auto& options, bool unbiased) {
      found.push_back({i, layer.name(), options.epsilon, options.momentum, unbiased});
    };
    if (const auto* fused = layer.as<BatchNormalization>())
      add(*fused, fused->unbiased_moving_variance);
    else if (const auto* parts = layer.as<BatchNormalizationFromParts>())
      add(*parts, false);
    else if (const auto* renormalized = layer.as<BatchRenormalization>())
      add(*renormalized, renormalized->unbiased_moving_variance);
  }
  return found;
}

std::string input_value(const Model& model, const CompiledModel& compiled, int layer) {
  const Model::Node& node = model.nodes()[static_cast<std::size_t>(layer)];
  if (const std::string moved = node.layer.name() + '/' + std::string(kChannelsLast);
      compiled.program->id_of(moved) >= 0)
    return moved;
  const int from = node.inputs.front();
  return from < 0 ? "input" : compiled.layer_values[static_cast<std::size_t>(from)];
}

std::vector<LayerStatistics> moving_statistics(const Network& network) {
  std::vector<LayerStatistics> all;
  for (const Normalization& n : normalizations(network.model()))
    all.push_back({n.name, in_double(network.weight(n.name + "/moving_mean")),
                   in_double(network.weight(n.name + "/moving_variance"))});
  return all;
}

void set_moving_statistics(Network& network, const std::vector<LayerStatistics>& statistics) {
  const DType real = network.options().compute.real;
  for (const LayerStatistics& of : statistics) {
    network.set_weight(of.layer + "/moving_mean", as_tensor(of.mean, real));
    network.set_weight(of.layer + "/moving_variance", as_tensor(of.variance, real));
  }
}

}  // namespace evenkeel
