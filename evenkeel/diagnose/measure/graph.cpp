#include "evenkeel/diagnose/measure/graph.h"

#include <algorithm>

namespace evenkeel {

std::vector<int> readers_of(const Model& model, int layer) {
  std::vector<int> readers;
  for (int i = layer + 1; i < model.layers(); ++i)
    if (std::ranges::count(model.nodes()[static_cast<std::size_t>(i)].inputs, layer) > 0) readers.push_back(i);
  return readers;
}

}  // namespace evenkeel
