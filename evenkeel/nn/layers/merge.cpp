#include "evenkeel/nn/layers/merge.h"

#include "evenkeel/program/ops/concatenate.h"
#include "evenkeel/program/ops/elementwise.h"

namespace evenkeel {
namespace {

void require_several(std::span<const Value> inputs) {
  if (inputs.size() < 2)
    throw Error{{.expected = "two or more inputs",
                 .received = std::to_string(inputs.size()),
                 .hint = "Name them: inputs = [\"a\", \"b\"]."}};
}

}  // namespace

void Add::describe(Fields<Add>& fields) { fields.about("The sum of two or more inputs of one shape."); }

LayerTraits traits(const Add&) { return {.merge = Merge::sum}; }

Value build(const Add&, LayerBuilder& builder, std::span<const Value> inputs) {
  require_several(inputs);
  Value sum = inputs[0];
  for (const Value& x : inputs.subspan(1)) sum = builder.emit(ops::Add(), {sum, x});
  return sum;
}

void Concatenate::describe(Fields<Concatenate>& fields) {
  fields.about("Inputs joined along the channels; their other axes are the same.");
  fields.add("axis", &Concatenate::axis, "the axis to join along: -1, channels");
}

LayerTraits traits(const Concatenate&) { return {.merge = Merge::concatenation}; }

Value build(const Concatenate& layer, LayerBuilder& builder, std::span<const Value> inputs) {
  require_several(inputs);
  if (layer.axis != -1 && layer.axis != inputs[0].shape().rank() - 1)
    throw Error{{.where = "\"axis\"",
                 .expected = "-1, the last axis",
                 .received = std::to_string(layer.axis),
                 .hint = "Other axes cannot be joined."}};
  return builder.emit(ops::Concatenate(), {inputs.begin(), inputs.end()});
}

}  // namespace evenkeel
