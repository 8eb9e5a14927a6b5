#include "evenkeel/nn/foreign_layer.h"

#include "evenkeel/program/ops/foreign.h"

namespace evenkeel {

void ForeignLayer::describe(Fields<ForeignLayer>& fields) {
  fields.about("A layer of another framework, which runs there.");
  fields.add("kind", &ForeignLayer::kind, "the framework's class")
      .add("trainable", &ForeignLayer::trainable, "updated by the framework's optimizer");
}

LayerTraits traits(const ForeignLayer& layer) { return layer.is; }

Value build(const ForeignLayer& layer, LayerBuilder& builder, std::span<const Value> inputs) {
  if (inputs.empty()) throw Error{{.expected = "at least one input", .received = "none"}};
  for (const ForeignLayer::Tensor& tensor : layer.tensors)
    if (tensor.is_state)
      builder.state(tensor.name, tensor.shape, tensor.initializer);
    else
      builder.parameter(tensor.name, tensor.shape, tensor.initializer);
  return builder.emit(ops::Foreign(layer.kind, layer.output, layer.flops), {inputs.begin(), inputs.end()});
}

}  // namespace evenkeel
