#include "evenkeel/interchange/pytorch/places.h"

#include <algorithm>
#include <set>

#include "evenkeel/nn/compile.h"

namespace evenkeel::interchange {
namespace {

/// For each layer, our shape of the images whose flattened numbers it reads: PyTorch has them in the order (c, h, w).
/// An empty shape: it reads something else.
class FlattenedInputs {
 public:
  explicit FlattenedInputs(const Model& model)
      : model_(model), shapes_(compile(model, {.batch_size = 1}).layer_outputs) {
    for (int i = 0; i < model.layers(); ++i) outputs_.push_back(images_behind(i));
  }

  Shape read_by(int layer) const {
    const int input = node(layer).inputs.front();
    return input < 0 ? Shape() : outputs_[static_cast<std::size_t>(input)];
  }

 private:
  const Model::Node& node(int i) const { return model_.nodes()[static_cast<std::size_t>(i)]; }
  Shape shape_of(int index) const {
    return index < 0 ? model_.input_at(index).shape : shapes_[static_cast<std::size_t>(index)];
  }

  /// Of the layer's output.
  Shape images_behind(int layer) const {
    const LayerTraits traits = node(layer).layer.traits();
    const int input = node(layer).inputs.front();
    if (traits.axes == AxisOrder::flattened) {
      const Shape images = shape_of(input);
      if (images.rank() > 1) return images;
    }
    const bool keeps = !traits.linear && traits.axes == AxisOrder::kept && traits.merge == Merge::none &&
                       shape_of(layer).rank() == 1 && shape_of(layer) == shape_of(input);
    return keeps ? read_by(layer) : Shape();
  }

  const Model& model_;
  std::vector<Shape> shapes_;
  std::vector<Shape> outputs_;
};

Shape reversed_to_front(const Shape& shape) {
  std::vector<std::int64_t> sizes(shape.sizes().begin(), shape.sizes().end());
  std::rotate(sizes.begin(), sizes.end() - 1, sizes.end());
  return Shape(sizes);
}

/// Axes 1, 2, ..., 0 of what has its channels first, and how many other axes are before them.
std::vector<int> channels_last_axes(int rank, int before) {
  std::vector<int> axes;
  for (int i = 1; i < rank; ++i) axes.push_back(before + i);
  axes.push_back(before);
  return axes;
}

/// The layout of a kernel: [h, w, in, out], [k, in, out] or [in, out] here.
void place_kernel(TensorRecord& record, const Shape& ours, const LinearTraits& linear, bool is_first,
                  const Shape& images) {
  const int rank = ours.rank();
  if (!linear.window) {
    record.foreign_shape = {ours[1], ours[0]};
    record.axes = {1, 0};
    if (images.rank() == 0) return;
    record.seen_as = reversed_to_front(images).batched(ours[1]);
    record.axes = channels_last_axes(images.rank(), 1);
    record.axes.push_back(0);
    return;
  }
  const bool by_channel = linear.groups < 0 || is_first;
  const std::int64_t out = by_channel ? ours[-2] * ours[-1] : ours[-1], in = by_channel ? 1 : ours[-2];
  if (rank == 3) {
    record.foreign_shape = {out, in, ours[0]};
    record.axes = {2, 1, 0};
    return;
  }
  record.foreign_shape = {out, in, ours[0], ours[1]};
  record.axes = {2, 3, 1, 0};
}

/// The layout of a number per channel, or per feature of flattened images.
void place_vector(TensorRecord& record, const Shape& ours, const Shape& images) {
  record.foreign_shape = {ours.size()};
  const bool is_per_feature = images.rank() > 0 && ours.size() == images.size() && ours.size() != images.back();
  if (is_per_feature) {
    record.seen_as = reversed_to_front(images);
    record.axes = channels_last_axes(images.rank(), 0);
  } else if (ours.rank() > 1 && ours.size() != ours.back()) {  // slopes for each element of images
    record.foreign_shape = reversed_to_front(ours);
    record.axes = channels_last_axes(ours.rank(), 0);
  }
}

std::string part_of(TensorRole role, const std::string& tensor, const LinearTraits* linear) {
  const std::string ours = tensor.substr(tensor.rfind('/') + 1);
  const bool has_two = linear && !linear->first_kernel.empty();
  switch (role) {
    case TensorRole::kernel:
      if (has_two) return ours == linear->first_kernel ? "depthwise.weight" : "pointwise.weight";
      return "weight";
    case TensorRole::bias: return has_two ? "pointwise.bias" : "bias";
    case TensorRole::scale:
    case TensorRole::slope: return "weight";
    case TensorRole::shift: return "bias";
    case TensorRole::moving_mean: return "running_mean";
    case TensorRole::moving_variance: return "running_var";
    case TensorRole::batches: return "num_batches_tracked";
    case TensorRole::other: return ours;
  }
  return ours;
}

/// Whether a name is one of a module's parameters, and not one that an exporter made up ("onnx::Conv_12").
bool is_module_name(const std::string& foreign) {
  return foreign.find('.') != std::string::npos && foreign.find('/') == std::string::npos &&
         foreign.find(':') == std::string::npos;
}

const TensorRecord* foreign_tensor(const Record* record, const std::string& layer, const std::string& tensor) {
  const LayerRecord* found = record ? record->find(layer) : nullptr;
  if (!found) return nullptr;
  const auto known = std::ranges::find(found->tensors, tensor, &TensorRecord::name);
  return known == found->tensors.end() || !is_module_name(known->foreign) ? nullptr : &*known;
}

}  // namespace

std::string module_of(const std::string& key) {
  const std::size_t dot = key.rfind('.');
  return dot == std::string::npos ? std::string() : key.substr(0, dot);
}

std::vector<TorchPlace> torch_places(const Model& model, const Record* record) {
  const FlattenedInputs flattened(model);
  std::vector<TorchPlace> places;
  std::set<std::string> taken;  // exporters let tensors with the same numbers share one; the first keeps its name
  for (const WeightInfo& info : weights_of(model)) {
    const Layer& layer = model.nodes()[static_cast<std::size_t>(info.layer)].layer;
    const auto linear = layer.traits().linear;
    const Shape images = flattened.read_by(info.layer);
    TorchPlace place{.info = info, .role = role_of(layer, info.name), .part = {}, .record = {}};
    place.part = part_of(place.role, info.name, linear ? &*linear : nullptr);
    place.record.name = info.name;
    place.record.foreign = layer.name() + '.' + place.part;
    if (place.role == TensorRole::kernel)
      place_kernel(place.record, info.shape, *linear, info.name == layer.name() + '/' + linear->first_kernel, images);
    else if (place.role == TensorRole::batches)
      place.record.foreign_shape = Shape();
    else
      place_vector(place.record, info.shape, linear ? Shape() : images);
    const TensorRecord* known = foreign_tensor(record, layer.name(), info.name);
    if (known && taken.insert(known->foreign).second) {
      place.record.foreign = known->foreign;
      place.is_named = true;
      // What no module of PyTorch calls weight or bias has the shape that its own module gave it.
      if (place.role != TensorRole::kernel && known->foreign_shape.size() == info.shape.size() &&
          known->foreign_shape.rank() > 1)
        place.record = *known;
    }
    places.push_back(std::move(place));
  }
  return places;
}

}  // namespace evenkeel::interchange
