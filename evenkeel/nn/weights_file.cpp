#include "evenkeel/nn/weights_file.h"

#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/safetensors.h"
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
  formats::SafetensorsFile file = formats::read_safetensors(path);
  const auto format = file.metadata.find("format");
  const bool checkpoint = format != file.metadata.end() && format->second == kCheckpointFormat;
  if (const auto misfit = weights_misfit(path.string(), file, checkpoint, weights)) throw *misfit;
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
