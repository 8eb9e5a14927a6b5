#include "evenkeel/nn/layers/pooling.h"

#include <algorithm>

#include "evenkeel/program/ops/pooling.h"
#include "evenkeel/program/ops/resample.h"
#include "evenkeel/program/ops/reshape.h"

namespace evenkeel {
namespace {

template <class Pooling>
void describe_pooling(Fields<Pooling>& fields) {
  fields.add("pool_size", &Pooling::pool_size, "height and width of the window")
      .add("strides", &Pooling::strides, "step of the window; default: the pool size")
      .add("padding", &Pooling::padding, "rows and columns around the images, which do not count")
      .add("ceil_mode", &Pooling::ceil_mode, "round the output's size up (PyTorch's ceil_mode)");
}

template <class Pooling>
ops::WindowOptions window_of(const Pooling& layer) {
  return {.kernel = layer.pool_size,
          .strides = layer.strides.value_or(layer.pool_size),
          .padding = layer.padding,
          .ceil_mode = layer.ceil_mode};
}

/// The shape of images, or an Error.
Shape shape_of_images(Value x) {
  if (x.shape().rank() == 4) return x.shape();
  throw Error{{.expected = "input [N, H, W, C]", .received = to_string_batched(x.shape().without_first())}};
}

/// One window over the whole image.
template <class Pool>
Value pooled_globally(LayerBuilder& builder, Value x, bool keepdims) {
  const Shape shape = shape_of_images(x);
  const Size2D size{shape[1], shape[2]};
  const Value y = builder.emit(Pool({.kernel = size, .strides = size}), {x});
  return keepdims ? y : builder.emit(ops::Reshape({shape[0], shape[3]}), {y});
}

template <class Pooling>
void describe_global(Fields<Pooling>& fields) {
  fields.add("keepdims", &Pooling::keepdims, "output [N, 1, 1, C] instead of [N, C]");
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
  fields.add("count_include_pad", &AveragePooling2D::count_include_pad,
             "zeros of the padding count (PyTorch's default)");
}

LayerTraits traits(const AveragePooling2D&) { return {.per_channel = true, .pooling = PoolingKind::mean}; }

Value build(const AveragePooling2D& layer, LayerBuilder& builder, Value x) {
  const ops::AveragePool pool(window_of(layer));
  if (!layer.count_include_pad) return builder.emit(pool, {x});
  const TensorType type = x.type();
  pool.infer({&type, 1});  // throws Error for windows that no pooling accepts
  const kernels::Window at = ops::window_over(x.shape(), pool.window());
  ops::require_resampled(x.shape(), at.oh, at.ow);
  constexpr std::int64_t kMostTaps = std::int64_t{1} << 24;
  if (std::max(at.oh * at.kernel_h, at.ow * at.kernel_w) > kMostTaps)
    throw Error{{.kind = Error::unsupported,
                 .where = "\"count_include_pad\"",
                 .expected = "windows of at most " + std::to_string(kMostTaps) + " rows and columns in all",
                 .received = to_string(pool.window())}};
  const auto taps = kernels::Taps::padded_means;
  return builder.emit(
      ops::Resample(taps(at.h, at.oh, at.kernel_h, at.stride_h, at.pad_top, at.given_bottom),
                    taps(at.w, at.ow, at.kernel_w, at.stride_w, at.pad_left, at.given_right), "means with padding"),
      {x});
}

void GlobalAveragePooling2D::describe(Fields<GlobalAveragePooling2D>& fields) {
  fields.about("The mean of each channel over all positions: [N, H, W, C] becomes [N, C].");
  describe_global(fields);
}

LayerTraits traits(const GlobalAveragePooling2D&) { return {.per_channel = true, .pooling = PoolingKind::mean}; }

Value build(const GlobalAveragePooling2D& layer, LayerBuilder& builder, Value x) {
  return pooled_globally<ops::AveragePool>(builder, x, layer.keepdims);
}

void GlobalMaxPooling2D::describe(Fields<GlobalMaxPooling2D>& fields) {
  fields.about("The largest value of each channel over all positions: [N, H, W, C] becomes [N, C].");
  describe_global(fields);
}

LayerTraits traits(const GlobalMaxPooling2D&) { return {.per_channel = true, .pooling = PoolingKind::maximum}; }

Value build(const GlobalMaxPooling2D& layer, LayerBuilder& builder, Value x) {
  return pooled_globally<ops::MaxPool>(builder, x, layer.keepdims);
}

void AdaptiveAveragePooling2D::describe(Fields<AdaptiveAveragePooling2D>& fields) {
  fields.about("Means over windows that make an output of a given size. Input [N, H, W, C].");
  fields.add("output_size", &AdaptiveAveragePooling2D::output_size, "height and width of the output");
}

LayerTraits traits(const AdaptiveAveragePooling2D&) { return {.per_channel = true, .pooling = PoolingKind::mean}; }

Value build(const AdaptiveAveragePooling2D& layer, LayerBuilder& builder, Value x) {
  const Shape shape = shape_of_images(x);
  ops::require_resampled(shape, layer.output_size.h, layer.output_size.w);
  if (layer.output_size == Size2D(shape[1], shape[2])) return x;
  return builder.emit(ops::Resample(kernels::Taps::means(shape[1], layer.output_size.h),
                                    kernels::Taps::means(shape[2], layer.output_size.w), "adaptive means"),
                      {x});
}

}  // namespace evenkeel
