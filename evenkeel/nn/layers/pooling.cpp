#include "evenkeel/nn/layers/pooling.h"

#include "evenkeel/program/ops/pooling.h"
#include "evenkeel/program/ops/reshape.h"

namespace evenkeel {
namespace {

template <class Pooling>
void describe_pooling(Fields<Pooling>& fields) {
  fields.add("pool_size", &Pooling::pool_size, "height and width of the window")
      .add("strides", &Pooling::strides, "step of the window; default: the pool size")
      .add("padding", &Pooling::padding, "same, valid, or rows and columns on each side, which do not count");
}

template <class Pooling>
ops::WindowOptions window_of(const Pooling& layer) {
  return {layer.pool_size, layer.strides.value_or(layer.pool_size), layer.padding};
}

}  // namespace

void MaxPooling2D::describe(Fields<MaxPooling2D>& fields) {
  fields.about("The largest value of each window. Input [N, H, W, C].");
  describe_pooling(fields);
}

LayerTraits traits(const MaxPooling2D&) { return {.per_channel = true, .pooling = PoolingKind::maximum}; }

Value build(const MaxPooling2D& layer, LayerBuilder& builder, Value x) {
  return builder.emit(ops::MaxPool(window_of(layer)), {x});
}

void AveragePooling2D::describe(Fields<AveragePooling2D>& fields) {
  fields.about("The mean of each window. Input [N, H, W, C].");
  describe_pooling(fields);
}

LayerTraits traits(const AveragePooling2D&) { return {.per_channel = true, .pooling = PoolingKind::mean}; }

Value build(const AveragePooling2D& layer, LayerBuilder& builder, Value x) {
  return builder.emit(ops::AveragePool(window_of(layer)), {x});
}

void GlobalAveragePooling2D::describe(Fields<GlobalAveragePooling2D>& fields) {
  fields.about("The mean of each channel over all positions: [N, H, W, C] becomes [N, C].");
}

LayerTraits traits(const GlobalAveragePooling2D&) { return {.per_channel = true, .pooling = PoolingKind::mean}; }

Value build(const GlobalAveragePooling2D&, LayerBuilder& builder, Value x) {
  const Shape& shape = x.shape();
  if (shape.rank() != 4)
    throw Error{{.expected = "input [N, H, W, C]", .received = to_string_batched(shape.without_first())}};
  const ops::WindowOptions whole{{shape[1], shape[2]}, {shape[1], shape[2]}, Padding::valid};
  const Value mean = builder.emit(ops::AveragePool(whole), {x});
  return builder.emit(ops::Reshape({shape[0], shape[3]}), {mean});
}

}  // namespace evenkeel
