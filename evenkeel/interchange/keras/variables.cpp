#include "evenkeel/interchange/keras/variables.h"

#include <algorithm>

#include "evenkeel/nn/model.h"

namespace evenkeel::interchange::keras {
namespace {

constexpr const char* kLegacyFolder = "model_weights";

/// "conv/kernel" of tf.keras's "conv/kernel:0".
std::string without_number(const std::string& name) {
  const std::size_t colon = name.rfind(':');
  return colon == std::string::npos ? name : name.substr(0, colon);
}

/// tf.keras calls the kernel of a DepthwiseConv2D "depthwise_kernel".
bool is_variable(const std::string& foreign, const std::string& ours) {
  return foreign == ours || (ours == "kernel" && foreign == "depthwise_kernel");
}

/// Whether a weight of "backbone/conv/kernel" belongs to the layer "conv".
bool is_of(const std::string& path, const std::string& layer) {
  return path == layer ||
         (path.size() > layer.size() && path.ends_with(layer) && path[path.size() - layer.size() - 1] == '/');
}

}  // namespace

Variables::Variables(const File& file) : file_(&file), folder_(file.is_archive ? "layers" : kLegacyFolder) {
  // So did TensorFlow 2.12 call it.
  if (file.is_archive && !file.tree.find("layers") && file.tree.find("_layer_checkpoint_dependencies"))
    folder_ = "_layer_checkpoint_dependencies";
}

void Variables::next(const Node& layer) {
  if (!file_->is_archive) {
    place_ = folder_ + '/' + layer.name;
    return;
  }
  if (layer.is_operation()) return;
  const std::string base = snake_case(layer.type);
  const int before = count_[base]++;
  place_ = folder_ + '/' + base + (before == 0 ? "" : '_' + std::to_string(before));
}

std::vector<const formats::Hdf5Object*> Variables::all(const Node& layer, const std::vector<std::string>& names) {
  if (pool_) return taken(layer, names);
  if (!file_->is_archive) return listed(layer);
  std::vector<const formats::Hdf5Object*> found;
  while (const auto* object = file_->tree.find(place_ + "/vars/" + std::to_string(found.size()))) {
    if (!object->is_dataset) break;
    found.push_back(object);
  }
  return found;
}

std::vector<const formats::Hdf5Object*> Variables::listed(const Node&) {
  const formats::Hdf5Object* group = file_->tree.find(place_);
  const auto names = group ? group->texts("weight_names") : std::nullopt;
  std::vector<const formats::Hdf5Object*> found;
  if (!names) return found;
  for (const std::string& name : *names)
    if (const auto* object = file_->tree.find(place_ + '/' + name); object && object->is_dataset)
      found.push_back(object);
  return found;
}

std::vector<const formats::Hdf5Object*> Variables::taken(const Node& layer, const std::vector<std::string>& names) {
  std::vector<const formats::Hdf5Object*> found;
  for (const std::string& name : names) {
    const auto next = std::ranges::find_if(*pool_, [&](const Named& one) {
      return !one.taken && is_of(one.layer, layer.name) && is_variable(one.variable, name);
    });
    if (next == pool_->end()) break;
    next->taken = true;
    found.push_back(next->object);
  }
  return found;
}

Variables Variables::inside(const Node& model) {
  Variables inner = *this;
  inner.count_.clear();
  if (file_->is_archive) {
    inner.folder_ = place_ + "/layers";
  } else if (!pool_) {
    inner.pool_ = std::make_shared<std::vector<Named>>();
    for (const formats::Hdf5Object* object : listed(model)) {
      const std::string path = without_number(object->path.substr(place_.size() + 1));
      const std::size_t slash = path.rfind('/');
      inner.pool_->push_back({slash == std::string::npos ? "" : path.substr(0, slash), path.substr(slash + 1), object});
    }
  }
  return inner;
}

}  // namespace evenkeel::interchange::keras
