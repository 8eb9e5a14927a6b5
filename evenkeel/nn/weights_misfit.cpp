#include "evenkeel/nn/weights_misfit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

/// A sentence that explains all that does not fit.
struct Explanation {
  std::string received, remedy;
};

/// At most ten, then how many more there are.
std::string first_ten(std::vector<std::string> parts, std::string_view separator) {
  constexpr std::size_t kMost = 10;
  const std::size_t more = parts.size() > kMost ? parts.size() - kMost : 0;
  parts.resize(parts.size() - more);
  return join(parts, separator) + (more > 0 ? fmt::format(" and {} more", more) : "");
}

std::vector<std::string> names_of(const formats::SafetensorsFile& file, bool checkpoint) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : file.tensors)
    if (!checkpoint || !name.starts_with('@')) names.push_back(name);
  return names;
}

/// The shortest prefix of all names, up to a separator, without which they are the model's; empty without one.
std::string common_prefix(const formats::SafetensorsFile& file, const std::vector<std::string>& names,
                          const std::vector<WeightInfo>& weights) {
  if (names.empty()) return {};
  for (std::size_t end = 1; end < names[0].size(); ++end) {
    const std::string prefix = names[0].substr(0, end);
    if (!std::ranges::all_of(names, [&](const std::string& name) { return name.starts_with(prefix); })) return {};
    if (prefix.find_last_of("./:_-") != end - 1) continue;
    const bool fits = std::ranges::all_of(weights, [&](const WeightInfo& weight) {
      const Tensor* tensor = file.find(prefix + weight.name);
      return tensor && tensor->shape() == weight.shape;
    });
    if (fits && names.size() == weights.size()) return prefix;
  }
  return {};
}

std::optional<Explanation> prefix_before_names(const formats::SafetensorsFile& file,
                                               const std::vector<std::string>& names,
                                               const std::vector<WeightInfo>& weights) {
  const std::string prefix = common_prefix(file, names, weights);
  if (prefix.empty()) return {};
  return Explanation{
      fmt::format("the same ones with \"{}\" before every name", prefix),
      fmt::format("Save them without it, in Python: {{name.removeprefix(\"{}\"): tensor for name, tensor in "
                  "tensors.items()}}.",
                  prefix)};
}

bool is_pytorch_name(const std::string& name) {
  const std::string last = name.substr(name.rfind('.') + 1);
  static const std::set<std::string> known = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"};
  return name.find('/') == std::string::npos && known.contains(last);
}

std::optional<Explanation> pytorch_names(const std::vector<std::string>& names) {
  if (names.empty() || !std::ranges::all_of(names, is_pytorch_name)) return {};
  return Explanation{
      "PyTorch's names: " + first_ten(names, ", "),
      "Rename each after its layer here: weight is \"<layer>/kernel\" or \"gamma\", bias \"bias\" or \"beta\", "
      "running_mean "
      "\"moving_mean\", running_var \"moving_variance\". Leave num_batches_tracked out. Transpose kernels: of "
      "convolutions by "
      "w.permute(2, 3, 1, 0), of dense layers by w.T, and order the rows of the first after Flatten as (h, w, c)."};
}

/// Whether a kernel is [out, in, h, w] or [out, in], as PyTorch has it.
bool is_transposed(const Shape& shape, const Shape& wanted) {
  if (shape.rank() != wanted.rank() || shape == wanted) return false;
  if (shape.rank() == 2) return shape == Shape{wanted[1], wanted[0]};
  return shape.rank() == 4 && shape == Shape{wanted[3], wanted[2], wanted[0], wanted[1]};
}

std::optional<Explanation> transposed_kernels(const formats::SafetensorsFile& file,
                                              const std::vector<std::string>& names,
                                              const std::vector<WeightInfo>& weights) {
  std::vector<std::string> found;
  std::set<std::string> remedies;
  for (const WeightInfo& weight : weights) {
    const Tensor* tensor = file.find(weight.name);
    if (!tensor) return {};
    if (tensor->shape() == weight.shape) continue;
    if (!is_transposed(tensor->shape(), weight.shape)) return {};
    found.push_back(
        fmt::format("\"{}\" is {} instead of {}", weight.name, to_string(tensor->shape()), to_string(weight.shape)));
    remedies.insert(weight.shape.rank() == 2 ? "dense ones by w.T"
                                             : "those of convolutions by w.transpose(2, 3, 1, 0)");
  }
  if (found.empty() || names.size() != weights.size()) return {};
  return Explanation{"transposed kernels: " + first_ten(found, "; "),
                     fmt::format("Transpose all of them, square ones too: {}.",
                                 join(std::vector<std::string>(remedies.begin(), remedies.end()), ", "))};
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

/// The remedy for names that differ only in the numbers that Keras gives to layers without names: Keras counts them
/// over the whole Python process, not per model.
std::string numbering_remedy(const formats::SafetensorsFile& file, const std::vector<WeightInfo>& weights) {
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
std::vector<std::string> misfits(const formats::SafetensorsFile& file, const std::vector<std::string>& names,
                                 const std::vector<WeightInfo>& weights) {
  std::vector<std::string> found;
  std::set<std::string> expected;
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
  for (const std::string& name : names)
    if (!expected.contains(name))
      found.push_back(fmt::format("\"{}\" {} belongs to no layer", name, to_string(file.find(name)->shape())));
  return found;
}

}  // namespace

std::optional<Error> weights_misfit(const std::string& where, const formats::SafetensorsFile& file, bool checkpoint,
                                    const std::vector<WeightInfo>& weights) {
  const std::vector<std::string> names = names_of(file, checkpoint);
  const std::vector<std::string> found = misfits(file, names, weights);
  if (found.empty()) return {};
  std::optional<Explanation> why = prefix_before_names(file, names, weights);
  if (!why) why = pytorch_names(names);
  if (!why) why = transposed_kernels(file, names, weights);
  if (!why) why = Explanation{"others: " + first_ten(found, "; "), numbering_remedy(file, weights)};
  return Error{{.where = where,
                .expected = fmt::format("the model's {} tensors", weights.size()),
                .received = why->received,
                .hint = why->remedy}};
}

}  // namespace evenkeel
