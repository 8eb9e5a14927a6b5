#include "command_tree.h"
#include "commands.h"
#include "common.h"
#include "evenkeel/nn/registry.h"
#include "evenkeel/report/writers/text_table.h"
#include "terminal.h"

namespace evenkeel::app {
namespace {

struct LayersArguments {
  Shared shared;
  std::string name;
};

std::vector<std::string> names_of_layers() {
  std::vector<std::string> names;
  for (const LayerType& type : layer_types()) names.push_back(type.type);
  return names;
}

const LayerType& chosen_layer(const std::string& name) {
  if (const LayerType* type = find_layer_type(name)) return *type;
  throw unknown_name("evenkeel layers", "layer", name, names_of_layers());
}

Json json_of_value(const FieldValue& value) {
  return std::visit(
      []<class T>(const T& v) {
        if constexpr (std::is_same_v<T, std::monostate>)
          return Json();
        else
          return Json(v);
      },
      value);
}

/// The limits, if there are any, with JSON Schema's names.
void add_range(Json& json, const Range& range) {
  if (std::isfinite(range.low)) json[range.low_open ? "exclusiveMinimum" : "minimum"] = range.low;
  if (std::isfinite(range.high)) json[range.high_open ? "exclusiveMaximum" : "maximum"] = range.high;
}

Json json_of_layer(const LayerType& type) {
  Json keys = Json::array();
  for (const LayerType::FieldInfo& field : type.fields) {
    Json key{{"name", field.name},
             {"type", field.kind},
             {"required", field.required},
             {"default", field.required ? Json() : json_of_value(field.default_value)},
             {"help", field.help}};
    if (!field.choices.empty()) key["choices"] = field.choices;
    add_range(key, field.range);
    keys.push_back(std::move(key));
  }
  return {{"type", type.type}, {"about", type.about}, {"keys", keys}};
}

std::string list_text_of_layers() {
  TextTable table({"layer", "what it does"});
  for (const LayerType& type : layer_types()) table.row({type.type, type.about});
  return table.text();
}

/// The key as in a model file, and below it its meaning and its values.
std::string key_text(const LayerType::FieldInfo& field, std::size_t columns) {
  const bool is_absent = std::holds_alternative<std::monostate>(field.default_value);
  const std::string value = field.required ? " (required)"
                            : is_absent    ? " (absent)"
                                           : " = " + to_string(field.default_value);
  const std::string indent(4, ' ');
  return field.name + value + '\n' +
         wrapped(indent + field.help + ": " + accepted(field.kind, field.range), columns, indent.size()) + '\n';
}

std::string layer_text(const LayerType& type, std::size_t columns) {
  std::string text = fmt::format("{}\n{}\n", type.type, wrapped(type.about, columns));
  if (type.fields.empty()) return text + "\nIt has no keys of its own.\n";
  for (const LayerType::FieldInfo& field : type.fields) text += '\n' + key_text(field, columns);
  return text;
}

int run_layers(const LayersArguments& a) {
  if (a.shared.json) {
    Json layers = Json::array();
    for (const LayerType& type : layer_types()) layers.push_back(json_of_layer(type));
    print_json(a.name.empty() ? Json{{"layers", layers}} : json_of_layer(chosen_layer(a.name)));
  } else {
    print_text(a.name.empty() ? list_text_of_layers()
                              : layer_text(chosen_layer(a.name), terminal_style(stdout).columns));
  }
  return kDone;
}

}  // namespace

void add_layers(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<LayersArguments>();
  CLI::App& command =
      add_command(app, "layers", "Lists the layers of model files, or the keys of one: types, defaults, ranges.",
                  "  evenkeel layers\n"
                  "  evenkeel layers BatchNormalization --json");
  offer(command.add_option("NAME", a->name, "a layer; without it, all")->option_text(" "), names_of_layers());
  add_output_flags(command, a->shared);
  command.callback([a, &chosen] { chosen = [a] { return run_layers(*a); }; });
}

}  // namespace evenkeel::app
