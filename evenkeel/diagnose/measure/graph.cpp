#include "evenkeel/diagnose/measure/graph.h"

#include <algorithm>

namespace evenkeel {

ActivationFunction activation_of(const Layer& layer) {
  if (const auto* activation = layer.as<Activation>()) return activation->activation;
  if (const auto* conv = layer.as<Conv2D>()) return conv->activation;
  if (const auto* dense = layer.as<Dense>()) return dense->activation;
  return linear;
}

std::vector<int> readers_of(const Model& model, int layer) {
  std::vector<int> readers;
  for (int i = layer + 1; i < model.layers(); ++i)
    if (std::ranges::count(model.nodes()[static_cast<std::size_t>(i)].inputs, layer) > 0) readers.push_back(i);
  return readers;
}

}  // namespace evenkeel
