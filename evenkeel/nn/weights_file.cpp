#include "evenkeel/nn/weights_file.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/safetensors.h"

namespace evenkeel {
namespace {

const Block& block_of(const WeightInfo& weight, const Store& store) {
  return weight.is_state ? store.state : store.parameters;
}

/// "conv2d_3/kernel" -> "conv2d/kernel"
std::string without_number(const std::string& tensor) {
  const std::size_t slash = tensor.rfind('/');
  const std::string layer = tensor.substr(0, slash);
  const std::size_t digits = layer.find_last_not_of("0123456789") + 1;
  const bool numbered = digits < layer.size() && digits > 1 && layer[digits - 1] == '_';
  if (slash == std::string::npos || !numbered) return tensor;
  return layer.substr(0, digits - 1) + tensor.substr(slash);
}

/// The hint for names that differ only in the numbers that Keras gives to layers without names: Keras counts them over
/// the whole Python process, not per model.
std::string numbering_hint(const formats::SafetensorsFile& file, const std::vector<WeightInfo>& weights) {
  using Described = std::pair<std::string, std::string>;
  std::multiset<Described> in_file, in_model;
  for (const auto& [name, tensor] : file.tensors) in_file.emplace(without_number(name), to_string(tensor.shape()));
  for (const WeightInfo& weight : weights) in_model.emplace(without_number(weight.name), to_string(weight.shape));
  if (in_file != in_model) return {};
  return "Only the numbers in the layers' names differ: Keras counts over a whole session. Save the weights from a new "
         "one (keras.utils.clear_session()), rename the tensors, or name the layers in the model file.";
}

/// "has 28 elements; the layer normalizes axis -1 of [N, 28, 30, 16]; they fit axis 1", or nothing if they fit no axis.
std::string other_axis(const Tensor& tensor, const WeightInfo::Axis& of) {
  if (tensor.shape().rank() != 1) return {};
  std::vector<std::string> fitting;
  for (int axis = 1; axis < of.input.rank(); ++axis)
    if (of.input[axis] == tensor.shape()[0]) fitting.push_back(std::to_string(axis));
  if (fitting.empty()) return {};
  return fmt::format("has {} elements; the layer normalizes axis {} of {}; they fit axis {}", tensor.shape()[0],
                     of.axis, to_string_batched(of.input.without_first()), join(fitting, " or "));
}

std::string shape_misfit(const Tensor& tensor, const WeightInfo& weight) {
  const std::string fits = weight.axis ? other_axis(tensor, *weight.axis) : std::string();
  if (!fits.empty()) return fmt::format("\"{}\" {}", weight.name, fits);
  return fmt::format("\"{}\" is {} instead of {}", weight.name, to_string(tensor.shape()), to_string(weight.shape));
}

/// Every way in which the file is not the model's, one phrase each.
std::vector<std::string> misfits(const formats::SafetensorsFile& file, const std::vector<WeightInfo>& weights) {
  std::vector<std::string> found;
  std::set<std::string> expected;
  const auto format = file.metadata.find("format");
  const bool checkpoint = format != file.metadata.end() && format->second == kCheckpointFormat;
  for (const WeightInfo& weight : weights) {
    expected.insert(weight.name);
    const Tensor* tensor = file.find(weight.name);
    if (!tensor)
      found.push_back(fmt::format("\"{}\" {} is missing", weight.name, to_string(weight.shape)));
    else if (tensor->shape() != weight.shape)
      found.push_back(shape_misfit(*tensor, weight));
    else if (tensor->dtype() != DType::float32 && tensor->dtype() != DType::float64)
      found.push_back(fmt::format("\"{}\" is {} instead of float32", weight.name, name_of(tensor->dtype())));
  }
  for (const auto& [name, tensor] : file.tensors)
    if (!expected.contains(name) && !(checkpoint && name.starts_with('@')))
      found.push_back(fmt::format("\"{}\" {} belongs to no layer", name, to_string(tensor.shape())));
  return found;
}

}  // namespace

void save_weights(const std::filesystem::path& path, const std::vector<WeightInfo>& weights, const Store& store,
                  std::map<std::string, std::string> metadata) {
  std::vector<Tensor> tensors;
  std::vector<formats::SafetensorsEntry> entries;
  for (const WeightInfo& weight : weights) {
    TensorView view = block_of(weight, store).get(weight.name);
    if (view.dtype != DType::float32) view = tensors.emplace_back(converted(view, DType::float32));
    entries.push_back({weight.name, view});
  }
  metadata["format"] = kWeightsFormat;
  formats::write_safetensors(path, entries, metadata);
}

std::map<std::string, std::string> load_weights(const std::filesystem::path& path,
                                                const std::vector<WeightInfo>& weights, Store& store) {
  formats::SafetensorsFile file = formats::read_safetensors(path);
  if (const auto found = misfits(file, weights); !found.empty())
    throw Error{{.where = path.string(),
                 .expected = fmt::format("the model's {} tensors", weights.size()),
                 .received = "others: " + join(found, "; "),
                 .hint = numbering_hint(file, weights)}};
  for (const WeightInfo& weight : weights) {
    Block& block = weight.is_state ? store.state : store.parameters;
    const DType dtype = block.get(weight.name).dtype;
    const Tensor& tensor = *file.find(weight.name);
    if (tensor.dtype() == dtype)
      block.set(weight.name, tensor);
    else
      block.set(weight.name, converted(tensor, dtype));
  }
  return std::move(file.metadata);
}

}  // namespace evenkeel
