#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/hdf5.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/formats/zip.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/interchange/keras/express.h"
#include "evenkeel/interchange/keras/problems.h"
#include "evenkeel/interchange/keras/shapes.h"
#include "evenkeel/interchange/keras/translate.h"
#include "evenkeel/nn/compile.h"

namespace evenkeel::interchange {
namespace keras {
namespace {

constexpr const char* kKerasVersion = "3.15.0";

Json sizes_of(const Shape& shape) {
  Json sizes = Json::array({nullptr});
  for (int i = 1; i < shape.rank(); ++i) sizes.push_back(shape[i]);
  return sizes;
}

/// Writes a model as the config of a Functional, and lists its tensors where Keras looks for them.
class Exporter {
 public:
  Exporter(const Model& model, const formats::SafetensorsFile& weights, const std::filesystem::path& out,
           const Record* record)
      : model_(model), weights_(weights), where_(out.string()), record_(record) {}

  void run() {
    entries_.push_back({.path = "vars", .tensor = {}, .attributes = {{"name", {model_.name()}}}});
    for (const Model::Input& input : model_.inputs()) add_input(input);
    for (const Model::Node& node : model_.nodes()) add_node(node);
    problems_.throw_if_any(where_, "layers that Keras has", "`--out FILE.onnx` writes every layer as ONNX operators.");
  }

  Json config() const {
    Json inputs = Json::array(), outputs = Json::array();
    for (const Model::Input& input : model_.inputs()) inputs.push_back(history(names_.at(input.name)));
    for (const int output : model_.outputs()) outputs.push_back(history(names_.at(model_.name_of(output))));
    const auto one_or_all = [](const Json& all) { return all.size() == 1 ? all.front() : all; };
    return {{"module", "keras.src.models.functional"},
            {"class_name", "Functional"},
            {"config",
             {{"name", model_.name()},
              {"trainable", true},
              {"layers", layers_},
              {"input_layers", one_or_all(inputs)},
              {"output_layers", one_or_all(outputs)}}},
            {"registered_name", "Functional"},
            {"build_config", {{"input_shape", nullptr}}}};
  }
  const std::vector<formats::Hdf5Entry>& entries() const { return entries_; }
  const std::vector<std::string>& lost() const { return lost_; }

 private:
  static Json history(const std::string& name) { return {name, 0, 0}; }

  static Json tensor(const std::string& name, const Shape& shape) {
    return {{"class_name", "__keras_tensor__"},
            {"config", {{"shape", sizes_of(shape)}, {"dtype", "float32"}, {"keras_history", history(name)}}}};
  }

  /// The layer's name in its own file, if Keras allows it, else ours.
  std::string foreign_name(const std::string& ours) {
    const LayerRecord* record = record_ ? record_->find(ours) : nullptr;
    std::string name =
        record && record->foreign.find('/') == std::string::npos && !record->foreign.empty() ? record->foreign : ours;
    // With PyTorch as its backend Keras cannot name a parameter "stem.0". Endings of our own have no parameters.
    if (model_.find(ours) >= 0) std::ranges::replace(name, '.', '_');
    if (taken_.contains(name) || (name != ours && model_.find(name) >= 0)) name = ours;
    const std::string base = name;
    for (int i = 1; !taken_.insert(name).second; ++i) name = base + '_' + std::to_string(i);
    return name;
  }

  void add_input(const Model::Input& input) {
    shapes_.add_input(input.name, input.shape);
    const std::string name = foreign_name(input.name);
    names_[input.name] = name;
    layers_.push_back(
        {{"module", "keras.layers"},
         {"class_name", "InputLayer"},
         {"config",
          {{"batch_shape", sizes_of(input.shape.batched(1))}, {"dtype", "float32"}, {"sparse", false}, {"name", name}}},
         {"registered_name", nullptr},
         {"name", name},
         {"inbound_nodes", Json::array()}});
    next_place("InputLayer", name);
  }

  /// The folder of the next layer of a class; Keras counts them.
  std::string next_place(const std::string& type, const std::string& name) {
    const int before = count_[type]++;
    const std::string place =
        "layers/" + snake_case(type) + (before == 0 ? "" : '_' + std::to_string(before)) + "/vars";
    entries_.push_back({.path = place, .tensor = {}, .attributes = {{"name", {name}}}});
    return place;
  }

  void add_node(const Model::Node& node) {
    const std::string& ours = node.layer.name();
    std::vector<std::string> inputs;
    for (const int input : node.inputs) inputs.push_back(model_.name_of(input));
    if (node.layer.traits().is_input) {
      // It is the model's input, which Keras's InputLayer is already.
      shapes_.add(node.layer, inputs);
      names_[ours] = names_.at(inputs.front());
      return;
    }
    const std::vector<WeightInfo> weights = shapes_.add(node.layer, inputs);
    std::vector<Expressed> chain;
    try {
      chain = express(node.layer, shapes_.of(inputs.front()), lost_);
    } catch (const Unsupported& reason) {
      problems_.add(reason.what, ours);
      names_[ours] = ours;
      return;
    }
    std::vector<Json> reads;
    for (const std::string& input : inputs) reads.push_back(tensor(names_.at(input), shapes_.of(input)));
    const std::string base = foreign_name(ours);
    for (const Expressed& layer : chain) {
      const std::string name = layer.ending.empty() ? base : foreign_name(base + layer.ending);
      add_layer(layer, name, reads, layer.ending.empty() && is_called_in_evaluation(node.layer));
      const std::string place = next_place(layer.type, name);
      if (layer.ending.empty())
        for (std::size_t i = 0; i < weights.size(); ++i) add_tensor(place + '/' + std::to_string(i), weights[i]);
      // The shape is for readers alone, which find it themselves.
      reads = {tensor(name, shapes_.of(ours))};
      names_[ours] = name;
    }
  }

  void add_layer(const Expressed& layer, const std::string& name, const std::vector<Json>& reads, bool evaluating) {
    Json config = layer.config;
    config["name"] = name;
    config["dtype"] = "float32";
    const bool is_merge = reads.size() > 1;
    Json inbound{{"args", Json::array({is_merge ? Json(reads) : reads.front()})}, {"kwargs", Json::object()}};
    if (evaluating) inbound["kwargs"]["training"] = false;
    layers_.push_back({{"module", layer.module},
                       {"class_name", layer.type},
                       {"config", std::move(config)},
                       {"registered_name", nullptr},
                       {"name", name},
                       {"inbound_nodes", Json::array({std::move(inbound)})}});
  }

  void add_tensor(const std::string& path, const WeightInfo& weight) {
    const Tensor* tensor = weights_.find(weight.name);
    if (!tensor || tensor->shape() != weight.shape)
      throw Error{{.where = where_ + ": \"" + weight.name + '"',
                   .expected = to_string(weight.shape),
                   .received = tensor ? to_string(tensor->shape()) : "no such tensor"}};
    entries_.push_back({.path = path, .tensor = tensor->view(), .attributes = {}});
  }

  const Model& model_;
  const formats::SafetensorsFile& weights_;
  std::string where_;
  const Record* record_;
  Shapes shapes_;
  Json layers_ = Json::array();
  std::map<std::string, std::string> names_;  ///< in the file, by our name of a layer or input
  std::map<std::string, int> count_;
  std::set<std::string> taken_;
  std::vector<formats::Hdf5Entry> entries_;
  std::vector<std::string> lost_;
  Problems problems_;
};

}  // namespace
}  // namespace keras

std::vector<std::string> export_keras(const Model& model, const formats::SafetensorsFile& weights,
                                      const std::filesystem::path& out, const Record* record) {
  keras::Exporter exporter(model, weights, out, record);
  exporter.run();
  const formats::Bytes hdf5 = formats::encode_hdf5(exporter.entries(), out.string());
  const std::string config = formats::json_text(exporter.config());
  const std::string metadata = formats::json_text(keras::Json{{"keras_version", keras::kKerasVersion}});
  formats::AtomicFile file(out);
  formats::ZipWriter zip(file);
  zip.add(keras::kMetadataMember, {formats::view_of(metadata)}, false);
  zip.add(keras::kConfigMember, {formats::view_of(config)}, false);
  zip.add(keras::kWeightsMember, {hdf5}, false);
  zip.finish();
  file.commit();
  return exporter.lost();
}

}  // namespace evenkeel::interchange
