#include "evenkeel/interchange/onnx/names.h"

#include <algorithm>
#include <array>

#include "evenkeel/base/text.h"

namespace evenkeel::interchange::onnx {
namespace {

struct Path {
  std::string module, call;
};

/// "/features/features.1/conv/conv.0/Conv" is Conv in features.1.conv.0: a part that goes on with the one before it
/// stands for both.
Path path_of(const std::string& name) {
  std::vector<std::string> parts;
  for (std::size_t at = 1; at <= name.size();) {
    const std::size_t end = std::min(name.find('/', at), name.size());
    parts.push_back(name.substr(at, end - at));
    at = end + 1;
  }
  Path path{.module = {}, .call = parts.empty() ? "" : parts.back()};
  std::vector<std::string> kept;
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    if (!kept.empty() && parts[i].starts_with(kept.back() + '.'))
      kept.back() = parts[i];
    else
      kept.push_back(parts[i]);
  }
  for (const std::string& part : kept) path.module += (path.module.empty() ? "" : ".") + part;
  return path;
}

Path path_of(const Node& node) {
  if (!node.call.empty()) return {node.module, node.call};
  if (node.name.starts_with('/')) return path_of(node.name);
  return {};
}

}  // namespace

Names::Names(const Graph& graph) {
  for (const Node& node : graph.nodes()) {
    const Path path = path_of(node);
    if (path.module.empty()) continue;
    ++nodes_in_[path.module];
    for (std::size_t dot = path.module.find('.'); dot != std::string::npos; dot = path.module.find('.', dot + 1))
      parents_.insert(path.module.substr(0, dot));
  }
}

std::string Names::module_of(const std::string& initializer) {
  constexpr std::array kTensors = {"weight", "bias",        "running_mean",    "running_var", "gamma", "beta",
                                   "kernel", "moving_mean", "moving_variance", "alpha",       "scale"};
  const std::size_t dot = initializer.rfind('.');
  if (dot == std::string::npos || dot == 0 || initializer.find(':') != std::string::npos) return {};
  const std::string last = initializer.substr(dot + 1);
  return std::ranges::find(kTensors, last) == kTensors.end() ? std::string() : initializer.substr(0, dot);
}

std::string Names::name_of(const Node& node, const std::vector<std::string>& initializers) const {
  for (const std::string& initializer : initializers)
    if (const std::string module = module_of(initializer); !module.empty()) return allowed(module);
  // A parameter of a module itself, such as a layer scale: its own name.
  for (const std::string& initializer : initializers)
    if (initializer.find('.') != std::string::npos && initializer.find(':') == std::string::npos &&
        initializer.find('/') == std::string::npos)
      return allowed(initializer);
  const Path path = path_of(node);
  if (path.call.empty()) return allowed(node.title());
  if (path.module.empty()) return allowed(path.call);
  const auto found = nodes_in_.find(path.module);
  const bool is_alone = found != nodes_in_.end() && found->second == 1 && !parents_.contains(path.module);
  return allowed(is_alone ? path.module : path.module + '.' + path.call);
}

std::string Names::allowed(const std::string& name) {
  std::string result = shortened(printable(name), 900);
  std::ranges::replace(result, '/', '.');
  std::ranges::replace(result, '"', '\'');
  const std::size_t first = result.find_first_not_of(". "), last = result.find_last_not_of(". ");
  if (first == std::string::npos) return "layer";
  result = result.substr(first, last - first + 1);
  return result.starts_with('@') ? '_' + result : result;
}

std::string Names::taken(const std::string& name) {
  std::string free = name;
  for (int i = 1; !taken_.insert(free).second; ++i) free = name + '_' + std::to_string(i);
  return free;
}

}  // namespace evenkeel::interchange::onnx
