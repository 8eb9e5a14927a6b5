#include "evenkeel/interchange/keras/importer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "evenkeel/base/error.h"
#include "evenkeel/base/limits.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/interchange/keras/express.h"
#include "evenkeel/interchange/keras/problems.h"
#include "evenkeel/interchange/keras/shapes.h"
#include "evenkeel/interchange/keras/training.h"
#include "evenkeel/interchange/keras/translate.h"
#include "evenkeel/interchange/keras/variables.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel::interchange::keras {
namespace {

/// A model inside the file's, or that itself.
struct Scope {
  std::string ours, foreign;  ///< what its layers' names begin with: "backbone.", "backbone/"
  bool frozen = false;
  Json training = {};
  Variables variables;
  /// Our names of the outputs of its layers.
  std::map<std::string, std::vector<std::string>> outputs = {};
};

/// The order in which layers can be made: that of the config as far as each comes after what it reads.
std::vector<std::size_t> order_of(const Node& model, const std::string& where) {
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < model.layers.size(); ++i)
    if (!place.emplace(model.layers[i].name, i).second)
      throw Error{{.where = where,
                   .expected = "layers with different names",
                   .received = '"' + model.layers[i].name + "\" twice"}};
  std::vector<std::set<std::size_t>> reads(model.layers.size()), readers(model.layers.size());
  for (std::size_t i = 0; i < model.layers.size(); ++i)
    for (const Call& call : model.layers[i].calls)
      for (const Output& output : call.outputs()) {
        const auto found = place.find(output.layer);
        if (found == place.end())
          throw Error{{.where = fmt::format("{}: \"{}\"", where, model.layers[i].name),
                       .expected = "inputs that are layers of its model",
                       .received = '"' + shortened(output.layer, 60) + '"'}};
        reads[i].insert(found->second);
        readers[found->second].insert(i);
      }
  std::set<std::size_t> ready;
  for (std::size_t i = 0; i < reads.size(); ++i)
    if (reads[i].empty()) ready.insert(i);
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    const std::size_t next = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(next);
    for (const std::size_t reader : readers[next]) {
      reads[reader].erase(next);
      if (reads[reader].empty()) ready.insert(reader);
    }
  }
  if (order.size() != model.layers.size())
    throw Error{{.where = where, .expected = "a graph without cycles", .received = "layers that read each other"}};
  return order;
}

class Importer {
 public:
  Importer(const File& file, const ImportOptions& options) : file_(file), options_(options) {}

  Imported run() {
    Node root = graph_of(file_.config, file_.where);
    join_split_layers(root);
    join_patterns(root);
    begin(root);
    Scope scope{.ours = "", .foreign = "", .frozen = false, .training = {}, .variables = Variables(file_)};
    if (root.config.is_object()) scope.frozen = root.config.value("trainable", Json()) == false;
    for (const std::string& input : root.inputs) scope.outputs[input] = {name_of_input_.at(input)};
    add_layers(root, scope);
    problems_.throw_if_any(file_.where, "layers that evenkeel has",
                           "`evenkeel layers` lists them. What a Lambda or a layer of your own computes is code, which "
                           "the file does not have.");
    end(root, scope);
    return std::move(result_);
  }

 private:
  Model& model() { return result_.file.model; }
  Record& record() { return result_.record; }

  /// Inputs of the model, and what is known of the file.
  void begin(const Node& root) {
    std::vector<Model::Input> inputs;
    for (const std::string& name : root.inputs) {
      const auto layer = std::ranges::find(root.layers, name, &Node::name);
      if (layer == root.layers.end() || layer->type != "InputLayer")
        throw Error{{.where = file_.where,
                     .expected = "inputs that are InputLayers",
                     .received = '"' + shortened(name, 60) + '"'}};
      const Shape shape = input_shape(*layer, inputs.empty());
      name_of_input_[name] = unique(name);
      inputs.push_back({name_of_input_[name], shape});
      record().inputs.push_back(
          {.name = inputs.back().name, .foreign = name, .foreign_shape = shape, .axes = {}, .seen_as = {}});
    }
    const std::string name = printable(shortened(root.name, 200));
    model() = Model::with_inputs(inputs, name.empty() ? "model" : name);
    for (const auto& [own, shape] : inputs) shapes_.add_input(own, shape);
    record().format = file_.is_archive ? "keras" : "h5";
    record().file = file_.where;
    record().version = file_.keras_version.empty() ? "" : "Keras " + printable(file_.keras_version);
    record().producer = "keras" + (file_.keras_version.empty() ? "" : ' ' + printable(file_.keras_version)) +
                        (file_.backend.empty() ? "" : " (" + printable(file_.backend) + ')');
  }

  Shape input_shape(const Node& layer, bool is_first) const {
    const std::string where = fmt::format("{}: input \"{}\"", file_.where, shortened(layer.name, 60));
    Json sizes;
    for (const char* key : {"batch_shape", "batch_input_shape"})
      if (sizes.is_null() && layer.config.is_object() && layer.config.contains(key)) sizes = plain(layer.config[key]);
    if (!sizes.is_array() || sizes.size() < 2)
      throw Error{{.where = where,
                   .expected = "the shape of the model's input",
                   .received = sizes.is_null() ? "none" : shortened(formats::json_text(sizes), 60),
                   .hint = "Build the model before it is saved, with an Input layer first."}};
    if (is_first && options_.input_shape) return *options_.input_shape;
    std::vector<std::int64_t> sample;
    for (std::size_t i = 1; i < sizes.size(); ++i) {
      if (!sizes[i].is_number_integer())
        throw Error{{.where = where,
                     .expected = "its size",
                     .received = "a size that the file leaves open: " + shortened(formats::json_text(sizes), 60),
                     .hint = "Say it with --input-shape H,W,C."}};
      sample.push_back(sizes[i].get<std::int64_t>());
    }
    return formats_shape(sample, where);
  }

  static Shape formats_shape(const std::vector<std::int64_t>& sizes, const std::string& where) {
    try {
      return Shape(sizes);
    } catch (const Error& error) {
      throw error.inside(where);
    }
  }

  /// A name for us that no other layer has.
  std::string unique(const std::string& foreign) {
    std::string name = foreign.empty() ? "layer" : foreign;
    for (char& c : name) c = c == '/' ? '.' : c == '"' ? '_' : c;
    name = printable(shortened(name, 600));
    if (name == "labels" || name == "targets") name += "_input";
    const std::string base = name;
    for (int i = 1; !taken_.insert(name).second; ++i) name = base + '_' + std::to_string(i);
    return name;
  }

  void add_layers(const Node& nodes, Scope& scope) {
    for (const std::size_t i : order_of(nodes, file_.where)) {
      const Node& node = nodes.layers[i];
      scope.variables.next(node);
      if (scope.outputs.contains(node.name)) continue;  // an input
      if (node.type == "InputLayer" || node.calls.empty()) continue;
      try {
        note_policy(node);
        if (node.calls.size() > 1) throw Unsupported{node.type + " used more than once (shared)"};
        scope.outputs[node.name] = node.is_model ? add_model(node, scope) : add_layer(node, scope);
      } catch (const Unsupported& reason) {
        problems_.add(reason.what, scope.foreign + node.name);
        scope.outputs[node.name] = {};
      } catch (const Error& error) {
        throw error.parts().where.starts_with(file_.where) ? error : error.inside(file_.where);
      }
    }
  }

  /// Our names of what a layer reads; empty once something was not supported.
  std::vector<std::string> inputs_of(const Node& node, const Scope& scope) const {
    std::vector<std::string> inputs;
    for (const Output& output : node.calls.front().outputs()) {
      const auto found = scope.outputs.find(output.layer);
      if (found == scope.outputs.end()) throw Unsupported{node.type + " that reads an unconnected layer"};
      if (problems_.any()) continue;
      if (output.index >= found->second.size())
        throw Error{{.where = fmt::format("{}: \"{}\"", file_.where, node.name),
                     .expected = fmt::format("an output of \"{}\" below {}", output.layer, found->second.size()),
                     .received = std::to_string(output.index)}};
      inputs.push_back(found->second[output.index]);
    }
    return inputs;
  }

  /// The keyword `training` of a call, or what holds around it.
  static Json training_of(const Node& node, const Scope& scope) {
    const Json own = node.calls.front().keyword("training");
    return own.is_boolean() ? own : scope.training;
  }

  std::vector<std::string> add_model(const Node& node, Scope& scope) {
    const std::vector<std::string> inputs = inputs_of(node, scope);
    if (!problems_.any() && inputs.size() != node.inputs.size())
      throw Unsupported{fmt::format("a model with {} inputs called with {}", node.inputs.size(), inputs.size())};
    Scope inner{.ours = scope.ours + node.name + '.',
                .foreign = scope.foreign + node.name + '/',
                .frozen = scope.frozen || (node.config.is_object() && node.config.value("trainable", Json()) == false),
                .training = training_of(node, scope),
                .variables = scope.variables.inside(node)};
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      inner.outputs[node.inputs[i]] = i < inputs.size() ? std::vector{inputs[i]} : std::vector<std::string>{};
    add_layers(node, inner);
    std::vector<std::string> outputs;
    for (const Output& output : node.outputs) outputs.push_back(output_of(output, inner));
    return outputs;
  }

  std::string output_of(const Output& output, const Scope& scope) const {
    const auto found = scope.outputs.find(output.layer);
    if (found != scope.outputs.end() && output.index < found->second.size()) return found->second[output.index];
    if (problems_.any()) return {};
    throw Error{{.where = file_.where,
                 .expected = "outputs that are layers",
                 .received = '"' + shortened(output.layer, 60) + '"'}};
  }

  std::vector<std::string> add_layer(const Node& node, Scope& scope) {
    const std::vector<std::string> inputs = inputs_of(node, scope);
    const std::string foreign = scope.foreign + node.name, where = file_.where + ": \"" + foreign + '"';
    Usage usage{.inputs = {},
                .keras_2 = file_.is_keras_2(),
                .multi_backend = is_multi_backend(),
                .frozen = scope.frozen,
                .training = training_of(node, scope)};
    if (!problems_.any())
      for (const std::string& input : inputs) usage.inputs.push_back(shapes_.of(input));
    Translated layers = translate(node, usage, where);
    for (const std::string& warning : layers.warnings) warnings_.add(warning, foreign);
    if (node.type == "HardSigmoid" && node.config.empty())
      recognised_.add("relu6(x + 3) / 6 is a hard sigmoid", foreign);
    for (const std::string& fact : layers.recognised) recognised_.add(fact, foreign);
    if (problems_.any()) return {""};
    if (inputs.empty()) throw Unsupported{node.type + " that reads nothing"};
    if (layers.chain.empty()) return {inputs.front()};
    if (layers.has_fixed_statistics) layers.chain.front() = with_statistics(node, scope, where);
    const std::string base = unique(scope.ours + node.name);
    std::vector<std::string> reads = inputs;
    for (std::size_t i = 0; i < layers.chain.size(); ++i) {
      const std::string name = i == 0 ? base : unique(base + layers.names.at(i));
      const Layer layer = layers.chain[i].named(name);
      const std::vector<WeightInfo> weights = shapes_.add(layer, reads);
      model().append(layer, reads);
      record().layers.push_back({.name = name, .foreign = foreign, .type = node.type, .tensors = {}});
      if (!weights.empty()) add_weights(node, scope, weights, where);
      reads = {name};
    }
    return reads;
  }

  /// Keras's Normalization whose numbers were found from data: mean, variance, and how many samples.
  Layer with_statistics(const Node& node, Scope& scope, const std::string& where) {
    const auto found = scope.variables.all(node, {"mean", "variance"});
    if (found.size() < 2)
      throw Error{{.where = where, .expected = "its mean and variance in the file", .received = "none"}};
    std::vector<std::vector<double>> numbers;
    for (const formats::Hdf5Object* object : {found[0], found[1]}) {
      const Tensor tensor = converted(formats::tensor_of(*object, file_.weights, file_.where), DType::float64);
      numbers.emplace_back(tensor.as<double>().begin(), tensor.as<double>().end());
    }
    return fixed_normalization(numbers[0], numbers[1]);
  }

  void add_weights(const Node& node, Scope& scope, const std::vector<WeightInfo>& weights, const std::string& where) {
    std::vector<std::string> names;
    for (const WeightInfo& weight : weights) names.push_back(weight.name.substr(weight.name.rfind('/') + 1));
    const auto found = scope.variables.all(node, names);
    if (found.size() != weights.size())
      throw Error{{.where = where,
                   .expected = fmt::format("{} tensors: {}", weights.size(), join(names)),
                   .received = fmt::format("{} in the file", found.size())}};
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (found[i]->shape != weights[i].shape)
        throw Error{{.where = fmt::format("{}: \"{}\"", where, found[i]->path),
                     .expected = names[i] + ' ' + to_string(weights[i].shape),
                     .received = to_string(found[i]->shape)}};
      const Tensor tensor = formats::tensor_of(*found[i], file_.weights, file_.where);
      result_.weights.add(weights[i].name, converted(tensor, DType::float32));
      record().layers.back().tensors.push_back({.name = weights[i].name,
                                                .foreign = found[i]->path,
                                                .foreign_shape = found[i]->shape,
                                                .seen_as = {},
                                                .axes = {}});
      if (weights[i].trainable) trainable_.push_back(weights[i]);
    }
  }

  bool is_multi_backend() const {
    // "2.2.4-tf", "2.4.0", ... are of TensorFlow; 2.3 and before without that ending are not.
    const std::string& version = file_.keras_version;
    const bool old = version.starts_with("1.") || version.starts_with("2.0") || version.starts_with("2.1.") ||
                     version.starts_with("2.2.") || version.starts_with("2.3.");
    return old && !version.ends_with("-tf");
  }

  /// What Keras computes in, where it is not float32.
  void note_policy(const Node& node) {
    Json policy = node.config.is_object() && node.config.contains("dtype") ? node.config["dtype"] : Json();
    if (class_of(policy).starts_with("Quantized")) throw Unsupported{node.type + " with quantized weights"};
    if (policy.is_object() && policy.contains("config") && policy["config"].is_object())
      policy = policy["config"].value("name", Json());
    if (policy.is_string() && policy != "float32")
      warnings_.add(fmt::format("Keras computes in {}, evenkeel in float32 unless --precision says otherwise",
                                printable(policy.get<std::string>())),
                    node.name);
  }

  void end(const Node& root, const Scope& scope) {
    std::vector<std::string> outputs;
    for (std::size_t i = 0; i < root.outputs.size(); ++i) {
      std::string name = output_of(root.outputs[i], scope);
      // An output of ours is a layer, and each is another.
      if (model().find(name) < 0 || std::ranges::count(outputs, name) > 0) {
        const std::string own = unique(root.outputs[i].layer + "_output");
        const Layer layer = Layer(Activation{}).named(own);
        shapes_.add(layer, {name});
        name = model().append(layer, {name});
      }
      outputs.push_back(name);
      const std::string foreign = i < root.output_names.size() ? root.output_names[i] : root.outputs[i].layer;
      record().outputs.push_back({.name = name,
                                  .foreign = foreign,
                                  .foreign_shape = shapes_.of(name).without_first(),
                                  .axes = {},
                                  .seen_as = {}});
    }
    model().set_outputs(outputs);
    record().warnings = warnings_.sentences();
    record().recognised = recognised_.sentences();
    add_training(file_, trainable_, result_);
  }

  const File& file_;
  const ImportOptions& options_;
  Imported result_{.file = {.model = Model(Shape{1})}, .weights = {}, .record = {}};
  Shapes shapes_;
  std::set<std::string> taken_;
  std::map<std::string, std::string> name_of_input_;
  std::vector<WeightInfo> trainable_;
  Problems problems_, warnings_, recognised_;
};

}  // namespace

Imported imported_from(const File& file, const ImportOptions& options) { return Importer(file, options).run(); }

}  // namespace evenkeel::interchange::keras
