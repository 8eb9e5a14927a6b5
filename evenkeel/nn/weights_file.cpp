#include "evenkeel/nn/weights_file.h"

#include <string_view>
#include <unordered_map>
#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/nn/weights_misfit.h"

namespace evenkeel {
namespace {

const Block& block_of(const WeightInfo& weight, const Store& store) {
  return weight.is_state ? store.state : store.parameters;
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
  return load_weights(formats::read_safetensors(path), path.string(), weights, store);
}

std::map<std::string, std::string> load_weights(formats::SafetensorsFile&& file, const std::string& where,
                                                const std::vector<WeightInfo>& weights, Store& store) {
  const auto format = file.metadata.find("format");
  const bool checkpoint = format != file.metadata.end() && format->second == kCheckpointFormat;
  if (const auto misfit = weights_misfit(where, file, checkpoint, weights)) throw *misfit;
  std::unordered_map<std::string_view, const WeightInfo*> by_name;
  for (const WeightInfo& weight : weights) by_name.emplace(weight.name, &weight);
  for (auto& [name, tensor] : file.tensors) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) continue;  // another state of a checkpoint
    Block& block = found->second->is_state ? store.state : store.parameters;
    const DType dtype = block.get(name).dtype;
    if (tensor.dtype() == dtype)
      block.set(name, tensor);
    else
      block.set(name, converted(tensor, dtype));
    tensor = Tensor();
  }
  return std::move(file.metadata);
}

}  // namespace evenkeel
