#include "evenkeel/nn/layers/merge.h"

#include "evenkeel/program/ops/combine.h"
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

/// All inputs combined, one after another.
Value combined(kernels::Combination how, std::span<const Value> inputs) {
  require_several(inputs);
  Value result = inputs[0];
  for (const Value& x : inputs.subspan(1)) result = ops::combined(how, result, x);
  return result;
}

}  // namespace

void Add::describe(Fields<Add>& fields) {
  fields.about("The sum of two or more inputs. An axis of size 1 is repeated.");
}

LayerTraits traits(const Add&) { return {.merge = Merge::sum}; }

Value build(const Add&, LayerBuilder&, std::span<const Value> inputs) {
  return combined(kernels::Combination::sum, inputs);
}

void Multiply::describe(Fields<Multiply>& fields) {
  fields.about("The product of two or more inputs. An axis of size 1 is repeated.");
}

LayerTraits traits(const Multiply&) { return {.merge = Merge::product}; }

Value build(const Multiply&, LayerBuilder&, std::span<const Value> inputs) {
  return combined(kernels::Combination::product, inputs);
}

void Subtract::describe(Fields<Subtract>& fields) {
  fields.about("The first of two inputs minus the second. An axis of size 1 is repeated.");
}

LayerTraits traits(const Subtract&) { return {.merge = Merge::difference}; }

Value build(const Subtract&, LayerBuilder&, std::span<const Value> inputs) {
  if (inputs.size() != 2) throw Error{{.expected = "two inputs", .received = std::to_string(inputs.size())}};
  return combined(kernels::Combination::difference, inputs);
}

void Average::describe(Fields<Average>& fields) {
  fields.about("The mean of two or more inputs. An axis of size 1 is repeated.");
}

LayerTraits traits(const Average&) { return {.merge = Merge::mean}; }

Value build(const Average&, LayerBuilder& builder, std::span<const Value> inputs) {
  const Value sum = combined(kernels::Combination::sum, inputs);
  return builder.emit(ops::ScaleOffset(1.0 / static_cast<double>(inputs.size()), 0), {sum});
}

void Maximum::describe(Fields<Maximum>& fields) {
  fields.about("The largest of two or more inputs. An axis of size 1 is repeated.");
}

LayerTraits traits(const Maximum&) { return {.merge = Merge::maximum}; }

Value build(const Maximum&, LayerBuilder&, std::span<const Value> inputs) {
  return combined(kernels::Combination::maximum, inputs);
}

void Minimum::describe(Fields<Minimum>& fields) {
  fields.about("The smallest of two or more inputs. An axis of size 1 is repeated.");
}

LayerTraits traits(const Minimum&) { return {.merge = Merge::minimum}; }

Value build(const Minimum&, LayerBuilder&, std::span<const Value> inputs) {
  return combined(kernels::Combination::minimum, inputs);
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
