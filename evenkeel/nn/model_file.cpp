#include "evenkeel/nn/model_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "evenkeel/base/limits.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/toml_nesting.h"
#include "evenkeel/nn/compile.h"
#include "evenkeel/nn/registry.h"

namespace evenkeel {
namespace {

const std::vector<std::string> kTopLevelKeys = {"name", "input", "inputs", "outputs", "layer", "training"};
const std::vector<std::string> kCommonKeys = {"type", "name", "inputs"};  // of every layer
constexpr std::string_view kPlainInput = "input";                         // written as input = [...]
constexpr std::string_view kLayerPrefix = "layer \"";                     // how the model's errors name a layer

std::string in_quotes(std::string_view name) { return to_string(FieldValue(std::string(name))); }

/// A key of a table: as it is, or in quotes.
std::string key_text(const std::string& name) {
  const auto is_bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return std::ranges::all_of(name, is_bare) ? name : in_quotes(name);
}

std::string kind_of(const toml::node& node) {
  std::ostringstream text;
  text << node.type();
  return "TOML's " + text.str();
}

/// Runs `f`; puts `where` before an Error that it throws.
template <class F>
auto inside(const std::string& where, F&& f) {
  try {
    return f();
  } catch (const Error& error) {
    throw error.inside(where);
  }
}

/// A value of the file as a FieldValue.
FieldValue value_of(std::string_view key, const toml::node& node) {
  if (const auto* v = node.as_boolean()) return v->get();
  if (const auto* v = node.as_integer()) return v->get();
  if (const auto* v = node.as_floating_point()) return v->get();
  if (const auto* v = node.as_string()) return v->get();
  const toml::array* list = node.as_array();
  if (!list || !std::ranges::all_of(*list, [](const toml::node& element) { return element.is_number(); }))
    throw Error{{.where = in_quotes(key),
                 .expected = "true or false, a number, a text, or a list of numbers",
                 .received = kind_of(node)}};
  if (list->empty() || list->is_homogeneous(toml::node_type::integer)) {
    std::vector<std::int64_t> whole;
    for (const toml::node& element : *list) whole.push_back(element.as_integer()->get());
    return whole;
  }
  std::vector<double> numbers;
  for (const toml::node& element : *list) numbers.push_back(*element.value<double>());
  return numbers;
}

std::string text_of(std::string_view key, const toml::node& node) {
  const auto* text = node.as_string();
  if (!text) throw Error{{.where = in_quotes(key), .expected = "a text", .received = kind_of(node)}};
  return text->get();
}

/// The names of layers that a key lists: one text or several.
std::vector<std::string> names_of(std::string_view key, const toml::node& node) {
  if (const auto* one = node.as_string()) return {one->get()};
  const toml::array* list = node.as_array();
  if (!list || !list->is_homogeneous(toml::node_type::string))
    throw Error{{.where = in_quotes(key), .expected = "a layer's name or a list of them", .received = kind_of(node)}};
  std::vector<std::string> names;
  for (const toml::node& element : *list) names.push_back(element.as_string()->get());
  return names;
}

/// Makes a ModelFile of a parsed file.
class Reader {
 public:
  explicit Reader(const std::string& where) : where_(where) {}

  ModelFile read(const toml::table& file) {
    for (const auto& [key, node] : file)
      if (!std::ranges::count(kTopLevelKeys, key.str()))
        throw unknown_name(at(key.source()), "key", key.str(), kTopLevelKeys);
    ModelFile result{.model = empty_model(file)};
    add_layers(file, result.model);
    if (const toml::node* outputs = file.get("outputs"))
      inside(at(outputs->source()), [&] { result.model.set_outputs(names_of("outputs", *outputs)); });
    check_shapes(result.model);
    if (const toml::node* training = file.get("training")) result.training = training_of(*training);
    return result;
  }

 private:
  std::string at(const toml::source_region& region) const { return fmt::format("{}:{}", where_, region.begin.line); }

  Model empty_model(const toml::table& file) const {
    std::string name = "model";
    if (const toml::node* node = file.get("name"))
      name = inside(at(node->source()), [&] { return text_of("name", *node); });
    const toml::node *input = file.get("input"), *inputs = file.get("inputs");
    if (input && inputs)
      throw Error{{.where = at(inputs->source()), .expected = "either \"input\" or [inputs]", .received = "both"}};
    if (inputs) return inside(at(inputs->source()), [&] { return Model::with_inputs(inputs_of(*inputs), name); });
    if (!input)
      throw Error{{.where = where_, .expected = "the shape of one sample: input = [28, 28, 1]", .received = "none"}};
    return inside(at(input->source()), [&] {
      const Shape shape = sample_shape("input", *input);
      return inside("\"input\"", [&] { return Model(shape, name); });
    });
  }

  static Shape sample_shape(std::string_view key, const toml::node& node) {
    const FieldValue value = value_of(key, node);
    if (const auto* sizes = std::get_if<std::vector<std::int64_t>>(&value))
      return inside(in_quotes(key), [&] { return Shape(*sizes); });
    throw Error{{.where = in_quotes(key),
                 .expected = "the shape of one sample, such as [28, 28, 1]",
                 .received = to_string(value)}};
  }

  /// In the order of the file.
  std::vector<Model::Input> inputs_of(const toml::node& node) const {
    const toml::table* table = node.as_table();
    if (!table)
      throw Error{{.where = "\"inputs\"",
                   .expected = "a table [inputs] of names and shapes, such as image = [28, 28, 1]",
                   .received = kind_of(node)}};
    using Place = std::pair<toml::source_index, toml::source_index>;
    std::vector<std::pair<Place, Model::Input>> inputs;
    for (const auto& [key, shape] : *table) {
      const toml::source_position& begin = key.source().begin;
      inside(at(key.source()), [&, &key = key, &shape = shape] {
        inputs.push_back({{begin.line, begin.column}, {std::string(key.str()), sample_shape(key.str(), shape)}});
      });
    }
    std::ranges::sort(inputs, {}, &std::pair<Place, Model::Input>::first);
    std::vector<Model::Input> in_order;
    for (auto& [place, input] : inputs) in_order.push_back(std::move(input));
    return in_order;
  }

  void add_layers(const toml::table& file, Model& model) {
    const toml::node* layers = file.get("layer");
    if (!layers) throw Error{{.where = where_, .expected = "at least one [[layer]]", .received = "none"}};
    const toml::array* list = layers->as_array();
    if (!list || !list->is_homogeneous(toml::node_type::table))
      throw Error{{.where = at(layers->source()),
                   .expected = "layers as [[layer]] tables",
                   .received = kind_of(*layers),
                   .hint = "Mind the double brackets."}};
    for (const toml::node& layer : *list) add_layer(*layer.as_table(), model);
  }

  void add_layer(const toml::table& table, Model& model) {
    const LayerType& type = layer_type(table);
    std::string name;
    if (const toml::node* node = table.get("name"))
      name = inside(fmt::format("{}: {}", at(node->source()), type.type), [&] { return text_of("name", *node); });
    const std::string own = name.empty() ? model.default_name(type.type) : name;
    const std::string label = fmt::format("{} \"{}\"", type.type, shortened(own, limits::kNameBytes));
    const auto fields = fields_of_layer(table, type, label);
    std::vector<std::string> inputs;
    if (const toml::node* node = table.get("inputs"))
      inputs = inside(at(node->source()) + ": " + label, [&] { return names_of("inputs", *node); });
    labels_.push_back(at(table.source()) + ": " + label);
    const Layer layer = type.make(name, fields);
    try {
      model.append(layer, inputs);
    } catch (const Error& error) {
      throw relabelled(error, own, labels_.back());
    }
  }

  const LayerType& layer_type(const toml::table& table) const {
    const toml::node* node = table.get("type");
    if (!node)
      throw Error{{.where = at(table.source()), .expected = "a layer with a type = \"...\"", .received = "none"}};
    const std::string name = inside(at(node->source()), [&] { return text_of("type", *node); });
    if (const LayerType* type = find_layer_type(name)) return *type;
    std::vector<std::string> known;
    for (const LayerType& type : layer_types()) known.push_back(type.type);
    throw unknown_name(at(node->source()), "layer type", name, known);
  }

  /// The options of a layer, each checked where it stands.
  std::vector<std::pair<std::string, FieldValue>> fields_of_layer(const toml::table& table, const LayerType& type,
                                                                  const std::string& label) const {
    std::vector<std::string> known;
    for (const auto& field : type.fields) known.push_back(field.name);
    known.insert(known.end(), kCommonKeys.begin(), kCommonKeys.end());

    std::vector<std::pair<std::string, FieldValue>> fields;
    for (const auto& [key, node] : table) {
      if (std::ranges::count(kCommonKeys, key.str())) continue;
      const auto field = std::ranges::find(type.fields, key.str(), &LayerType::FieldInfo::name);
      if (field == type.fields.end()) throw unknown_name(at(key.source()) + ": " + label, "key", key.str(), known);
      inside(at(node.source()) + ": " + label, [&, &value = node] {
        fields.emplace_back(field->name, value_of(field->name, value));
        field->check(fields.back().second);
      });
    }
    for (const auto& field : type.fields)
      if (field.required && !table.contains(field.name))
        throw Error{{.where = at(table.source()) + ": " + label,
                     .received = fmt::format("\"{}\" is missing ({})", field.name, field.help)}};
    return fields;
  }

  /// An error of the model with its place in the file; the label contains the layer's name already.
  static Error relabelled(const Error& error, const std::string& layer, const std::string& label) {
    Error::Parts parts = error.parts();
    const std::string own = std::string(kLayerPrefix) + layer + '"';
    if (parts.where.starts_with(own)) parts.where.erase(0, own.size());
    if (parts.where.starts_with(": ")) parts.where.erase(0, 2);
    return Error(parts).inside(label);
  }

  void check_shapes(const Model& model) const {
    try {
      weights_of(model);
    } catch (const Error& error) {
      const std::string& where = error.parts().where;
      const std::string named = where.starts_with(kLayerPrefix) ? where.substr(kLayerPrefix.size()) : "";
      const std::string name = named.substr(0, named.find('"'));
      const int layer = model.find(name);
      if (layer >= 0) throw relabelled(error, name, labels_[static_cast<std::size_t>(layer)]);
      throw error.inside(where_);
    }
  }

  Settings training_of(const toml::node& node) const {
    const toml::table* table = node.as_table();
    if (!table) throw Error{{.where = at(node.source()), .expected = "a table [training]", .received = kind_of(node)}};
    std::vector<std::pair<std::uint32_t, Setting>> lines;
    for (const auto& [key, value] : *table) {
      Setting setting{.key = std::string(key.str()), .value = {}, .where = at(key.source()) + ": [training]"};
      inside(setting.where, [&, &node = value] { setting.value = value_of(setting.key, node); });
      lines.emplace_back(key.source().begin.line, std::move(setting));
    }
    std::ranges::stable_sort(lines, {}, &std::pair<std::uint32_t, Setting>::first);
    Settings settings;
    for (auto& [line, setting] : lines) settings.set(std::move(setting));
    return settings;
  }

  std::string where_;
  std::vector<std::string> labels_;  ///< by layer: file, line, type and name
};

toml::table parse_toml(std::string_view text, const std::string& where) {
  if (text.size() > limits::kModelFileBytes)
    throw Error{{.where = where,
                 .expected = fmt::format("a model file of at most {} bytes", with_commas(limits::kModelFileBytes)),
                 .received = fmt::format("one of {}", with_commas(std::ssize(text)))}};
  formats::check_nesting_of_toml(text, where);
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    throw Error{{.where = fmt::format("{}:{}:{}", where, begin.line, begin.column),
                 .received = std::string(error.description())}};
  }
}

std::string names_text(const Model& model, const std::vector<int>& layers) {
  std::vector<std::string> names;
  for (const int i : layers) names.push_back(in_quotes(model.name_of(i)));
  return '[' + join(names) + ']';
}

/// Name, inputs and outputs.
std::string head_text(const Model& model) {
  std::string text = fmt::format("name = {}\n", in_quotes(model.name()));
  const bool is_plain = model.inputs().size() == 1 && model.inputs()[0].name == kPlainInput;
  if (is_plain) text += fmt::format("input = {}\n", to_string(model.input_shape()));
  if (model.layers() > 0 && model.outputs() != std::vector<int>{model.layers() - 1})
    text += fmt::format("outputs = {}\n", names_text(model, model.outputs()));
  if (is_plain) return text;
  text += "\n[inputs]\n";
  for (const auto& [name, shape] : model.inputs()) text += fmt::format("{} = {}\n", key_text(name), to_string(shape));
  return text;
}

}  // namespace

ModelFile read_model_file(const std::filesystem::path& path) {
  const formats::Bytes bytes = formats::read_file(path);
  return parse_model_file({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
}

ModelFile parse_model_file(std::string_view text, const std::string& where) {
  return Reader(where).read(parse_toml(text, where));
}

std::string write_model_file(const ModelFile& file) {
  const Model& model = file.model;
  std::string text = head_text(model);
  // Appends the layers as the reader will: a name is written if the reader would give another one.
  Model as_read = Model::with_inputs(model.inputs());
  for (int i = 0; i < model.layers(); ++i) {
    const auto& [layer, inputs] = model.nodes()[static_cast<std::size_t>(i)];
    text += fmt::format("\n[[layer]]\ntype = {}\n", in_quotes(layer.type()));
    const bool named = as_read.default_name(layer.type()) != layer.name();
    if (named) text += fmt::format("name = {}\n", in_quotes(layer.name()));
    as_read.append(named ? layer : layer.named(""));
    const bool follows = inputs.size() == 1 && inputs[0] == (layer.traits().is_input ? -1 : i - 1);
    if (!follows) text += fmt::format("inputs = {}\n", names_text(model, inputs));
    for (const auto& [key, value] : layer.settings(true)) text += fmt::format("{} = {}\n", key, to_string(value));
  }
  if (!file.training.empty()) text += "\n[training]\n";
  for (const Setting& setting : file.training.all())
    text += fmt::format("{} = {}\n", setting.key, to_string(setting.value));
  return text;
}

}  // namespace evenkeel
