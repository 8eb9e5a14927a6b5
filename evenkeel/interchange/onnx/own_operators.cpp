#include "evenkeel/interchange/onnx/operator_parts.h"
#include "evenkeel/nn/layers.h"

// Operators that patterns.h alone knows, and that no operator of ONNX stands for.

namespace evenkeel::interchange::onnx {
namespace {

double rate_of(const Node& node) {
  const double rate = node.number("rate", 0);
  if (!(rate >= 0 && rate < 1)) unsupported(node, "a rate that is not from 0 to below 1");
  return rate;
}

template <class T>
void noise(Converter& converter, const Node& node) {
  const View x = converter.view(node);
  converter.set(node.output(), same_place(x, converter.add(node, T{.rate = rate_of(node)}, {x.layer})));
}

void dropout_of_channels(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  const View x = as_image(converter, node, view);
  converter.set(node.output(), same_place(x, converter.add(node, SpatialDropout2D{.rate = rate_of(node)}, {x.layer})));
}

void enlargement(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  const View x = as_image(converter, node, view);
  const Sizes by = node.integers("size");
  const std::string name = converter.add(node, UpSampling2D{.size = Size2D(by.at(0), by.at(1))}, {x.layer});
  converter.set(node.output(),
                view_of_image(name, {view.foreign[0], view.foreign[1] * by[0], view.foreign[2] * by[1]}));
}

}  // namespace

void add_own_operators(Operators& all) {
  all["evenkeel.StochasticDepth"] = noise<StochasticDepth>;
  all["evenkeel.Dropout"] = noise<Dropout>;
  all["evenkeel.SpatialDropout"] = dropout_of_channels;
  all["evenkeel.UpSampling"] = enlargement;
}

}  // namespace evenkeel::interchange::onnx
