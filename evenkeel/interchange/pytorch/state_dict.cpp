#include "evenkeel/interchange/pytorch/state_dict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/interchange/layout.h"
#include "evenkeel/interchange/pytorch/places.h"

namespace evenkeel::interchange {
namespace {

constexpr const char* kCount = "num_batches_tracked";

bool is_count(const std::string& key) { return key.substr(key.rfind('.') + 1) == kCount; }

/// Our tensors' keys in the dictionary, in the order of the places; empty where there is none.
using Keys = std::vector<std::string>;

bool fits(const Tensor& tensor, const TorchPlace& place) {
  const Shape& expected = place.record.foreign_shape;
  if (tensor.shape() == expected) return true;
  // One number for each channel may have axes of size 1 around it.
  const auto squeezed = [](const Shape& shape) {
    std::vector<std::int64_t> sizes;
    for (const std::int64_t size : shape.sizes())
      if (size != 1) sizes.push_back(size);
    return sizes;
  };
  return place.role != TensorRole::kernel && squeezed(tensor.shape()) == squeezed(expected);
}

/// A way to find keys, and what to say of it.
struct Matching {
  Keys keys;
  std::string note;
};

class StateDict {
 public:
  StateDict(const std::vector<TorchPlace>& places, const formats::SafetensorsFile& dict)
      : places_(places), dict_(dict) {
    std::set<std::string> twice;
    for (const auto& [key, tensor] : dict.tensors)
      if (!spelled_.emplace(in_our_spelling(key), key).second) twice.insert(in_our_spelling(key));
    for (const std::string& name : twice) spelled_.erase(name);
  }

  Matching matched() const {
    const Keys direct = with_prefix("");
    if (missing(direct) == 0) return {direct, {}};
    for (const std::string& prefix : prefixes())
      if (Keys keys = with_prefix(prefix); missing(keys) == 0)
        return {std::move(keys), fmt::format("All keys begin with \"{}\", which was left out.", prefix)};
    if (named(direct) == 0)
      if (Keys keys = by_shape(); !keys.empty())
        return {std::move(keys),
                "No key has the name of a layer. Modules were matched by their shapes, which fit in one way only."};
    return {direct, {}};
  }

  /// Throws Error unless each of our tensors has a key of its shape and no key is left.
  void require(const Keys& keys, const Model& model) const {
    std::vector<std::string> lacking, unexpected, sizes;
    std::set<std::string> used(keys.begin(), keys.end());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const TorchPlace& place = places_[i];
      if (keys[i].empty() && place.role != TensorRole::batches) lacking.push_back('"' + place.record.foreign + '"');
      if (!keys[i].empty() && !fits(*dict_.find(keys[i]), place))
        sizes.push_back(fmt::format("\"{}\" is {} in the file and {} in the model", keys[i],
                                    to_string(dict_.find(keys[i])->shape()), to_string(place.record.foreign_shape)));
    }
    for (const auto& [key, tensor] : dict_.tensors)
      if (!used.contains(key) && !is_count(key) && !is_neutral(key, tensor, used, model))
        unexpected.push_back('"' + key + '"');
    if (lacking.empty() && unexpected.empty() && sizes.empty()) return;
    std::vector<std::string> parts;
    const auto add = [&](const char* what, std::vector<std::string>& all) {
      if (!all.empty()) parts.push_back(what + shortened(join(all), 2000));
    };
    add("missing keys: ", lacking);
    add("unexpected keys: ", unexpected);
    add("sizes that differ: ", sizes);
    throw Error{{.where = "state_dict",
                 .expected = fmt::format("the {} tensors of the model", places_.size()),
                 .received = join(parts, "; ")}};
  }

 private:
  /// "layer1_0_bn1.weight" of "layer1.0.bn1.weight": as our architectures name PyTorch's modules.
  static std::string in_our_spelling(std::string key) {
    const std::size_t end = module_of(key).size();
    std::replace(key.begin(), key.begin() + static_cast<std::ptrdiff_t>(end), '.', '_');
    return key;
  }

  std::size_t missing(const Keys& keys) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) count += keys[i].empty() && places_[i].role != TensorRole::batches;
    return count;
  }
  static std::ptrdiff_t named(const Keys& keys) {
    return std::ranges::count_if(keys, [](const std::string& key) { return !key.empty(); });
  }

  Keys with_prefix(const std::string& prefix) const {
    Keys keys;
    for (const TorchPlace& place : places_) {
      const std::string own = place.info.name.substr(0, place.info.name.rfind('/')) + '.' + place.part;
      std::string key;
      for (const std::string& name : {place.record.foreign, own})
        if (key.empty() && dict_.find(prefix + name)) key = prefix + name;
      const auto spelled = spelled_.find(in_our_spelling(prefix + own));
      if (key.empty() && spelled != spelled_.end()) key = spelled->second;
      keys.push_back(std::move(key));
    }
    return keys;
  }

  /// Beginnings that all keys share, up to a dot.
  std::vector<std::string> prefixes() const {
    std::vector<std::string> found;
    if (dict_.tensors.empty()) return found;
    const std::string& first = dict_.tensors.front().first;
    for (std::size_t dot = first.find('.'); dot != std::string::npos; dot = first.find('.', dot + 1)) {
      const std::string prefix = first.substr(0, dot + 1);
      const bool is_shared =
          std::ranges::all_of(dict_.tensors, [&](const auto& entry) { return entry.first.starts_with(prefix); });
      if (is_shared) found.push_back(prefix);
    }
    return found;
  }

  /// A scale of ones or a shift of zeros of a layer here that has none, but whose module in PyTorch always has both.
  static bool is_neutral(const std::string& key, const Tensor& tensor, const std::set<std::string>& used,
                         const Model& model) {
    const std::string module = module_of(key), part = key.substr(module.size() + (module.empty() ? 0 : 1));
    const bool is_used = used.contains(module + ".running_mean") || model.find(module) >= 0;
    if (!is_used || (part != "weight" && part != "bias") || tensor.dtype() != DType::float32) return false;
    const float neutral = part == "weight" ? 1.0F : 0.0F;
    return std::ranges::all_of(tensor.as<float>(), [&](float value) { return value == neutral; });
  }

  Keys by_shape() const;

  const std::vector<TorchPlace>& places_;
  const formats::SafetensorsFile& dict_;
  std::map<std::string, std::string> spelled_;  ///< keys by our spelling, unless several have it
};

/// Parts and shapes of a module, which must be the same here and there.
using Signature = std::string;

/// "layer#.#.conv#": modules whose names differ only in numbers stand in the order of these.
std::string skeleton(const std::string& name) {
  std::string text;
  for (const char c : name) {
    const bool is_digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (!is_digit) text += c;
    if (is_digit && !text.ends_with('#')) text += '#';
  }
  return text;
}

std::vector<std::int64_t> numbers_in_name(const std::string& name) {
  std::vector<std::int64_t> numbers;
  bool inside = false;
  for (const char c : name) {
    const bool is_digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (is_digit && !inside) numbers.push_back(0);
    if (is_digit) numbers.back() = std::min<std::int64_t>(numbers.back(), 1'000'000'000'000) * 10 + (c - '0');
    inside = is_digit;
  }
  return numbers;
}

Keys StateDict::by_shape() const {
  std::map<std::string, std::set<std::string>> modules;  // parts with their shapes
  for (const auto& [key, tensor] : dict_.tensors)
    if (!is_count(key)) modules[module_of(key)].insert(key.substr(module_of(key).size()) + to_string(tensor.shape()));
  std::map<Signature, std::vector<std::string>> there;
  for (const auto& [module, parts] : modules)
    there[join(std::vector<std::string>(parts.begin(), parts.end()))].push_back(module);
  std::map<int, std::set<std::string>> layers;
  for (const TorchPlace& place : places_)
    if (place.role != TensorRole::batches)
      layers[place.info.layer].insert('.' + place.part + to_string(place.record.foreign_shape));
  std::map<Signature, std::vector<int>> here;
  for (const auto& [layer, parts] : layers)
    here[join(std::vector<std::string>(parts.begin(), parts.end()))].push_back(layer);
  std::map<int, std::string> module_of_layer;
  for (auto& [signature, found] : there) {
    const auto same = here.find(signature);
    if (same == here.end() || same->second.size() != found.size()) return {};
    const std::string first = skeleton(found[0]);
    const bool is_clear = std::ranges::all_of(found, [&](const std::string& m) { return skeleton(m) == first; });
    if (!is_clear) return {};
    std::ranges::sort(found, {}, numbers_in_name);
    for (std::size_t i = 0; i < found.size(); ++i) module_of_layer[same->second[i]] = found[i];
  }
  Keys keys;
  for (const TorchPlace& place : places_) {
    const auto module = module_of_layer.find(place.info.layer);
    if (module == module_of_layer.end()) return {};
    const std::string key = module->second + '.' + place.part;
    keys.push_back(dict_.find(key) ? key : std::string());
  }
  return keys;
}

void add_note(std::vector<std::string>* notes, const std::string& note) {
  if (notes && !note.empty()) notes->push_back(note);
}

}  // namespace

formats::SafetensorsFile from_state_dict(const Model& model, const formats::SafetensorsFile& dict, const Record* record,
                                         std::vector<std::string>* notes) {
  const std::vector<TorchPlace> places = torch_places(model, record);
  const StateDict state(places, dict);
  const Matching matching = state.matched();
  state.require(matching.keys, model);
  add_note(notes, matching.note);
  formats::SafetensorsFile weights;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const TorchPlace& place = places[i];
    if (matching.keys[i].empty()) {  // a count that the file does not have
      weights.add(place.info.name, Tensor(place.info.shape, DType::float32));
      add_note(notes, fmt::format("No \"{}\": 0 batches are taken.", place.record.foreign));
      continue;
    }
    const Tensor real = converted(*dict.find(matching.keys[i]), DType::float32);
    weights.add(place.info.name,
                to_ours(real.view().reshaped(place.record.foreign_shape), place.record, place.info.shape));
  }
  return weights;
}

namespace {

/// The name of the module that a layer's tensor belongs to.
void add_part(formats::SafetensorsFile& dict, const std::string& key, Tensor tensor) {
  if (!dict.find(key)) dict.add(key, std::move(tensor));
}

Tensor filled(std::int64_t size, float value) {
  Tensor tensor({size}, DType::float32);
  std::ranges::fill(tensor.as<float>(), value);
  return tensor;
}

/// What PyTorch's batch normalization has beside our tensors: both or none of weight and bias, and the count.
void complete_batch_norm(formats::SafetensorsFile& dict, const Layer& layer, const TorchPlace& mean) {
  const LayerTraits traits = layer.traits();
  const std::string module = module_of(mean.record.foreign);
  if (traits.scale.empty() != traits.shift.empty()) {
    const bool no_scale = traits.scale.empty();
    add_part(dict, module + (no_scale ? ".weight" : ".bias"), filled(mean.info.shape.size(), no_scale ? 1.0F : 0.0F));
  }
  if (traits.normalization->moving->batches.empty())
    add_part(dict, module + '.' + kCount, Tensor(Shape(), DType::int64));
}

}  // namespace

formats::SafetensorsFile to_state_dict(const Model& model, const formats::SafetensorsFile& weights,
                                       const Record* record, std::vector<std::string>* notes) {
  formats::SafetensorsFile dict;
  dict.metadata = {{"format", "pt"}};
  std::vector<std::string> others;
  for (const TorchPlace& place : torch_places(model, record)) {
    const Tensor* ours = weights.find(place.info.name);
    if (!ours || ours->shape() != place.info.shape)
      throw Error{{.where = "weights",
                   .expected = fmt::format("the tensor \"{}\" {}", place.info.name, to_string(place.info.shape)),
                   .received = ours ? to_string(ours->shape()) : "none of that name"}};
    if (dict.find(place.record.foreign))
      throw Error{{.where = "state_dict",
                   .expected = "a name of its own for each tensor",
                   .received = "several that would be \"" + place.record.foreign + '"'}};
    const bool counts = place.role == TensorRole::batches;
    dict.add(place.record.foreign, converted(to_foreign(*ours, place.record), counts ? DType::int64 : DType::float32));
    if (place.role == TensorRole::other) others.push_back('"' + place.record.foreign + '"');
    if (place.role == TensorRole::moving_variance)
      complete_batch_norm(dict, model.nodes()[static_cast<std::size_t>(place.info.layer)].layer, place);
  }
  if (!others.empty()) add_note(notes, "No module of PyTorch has tensors of these names: " + join(others) + '.');
  return dict;
}

}  // namespace evenkeel::interchange
