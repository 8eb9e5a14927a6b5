#include "layers.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>

#include "evenkeel/nn/model.h"
#include "evenkeel/nn/registry.h"
#include "evenkeel/train/settings.h"
#include "values.h"

namespace evenkeel::python {
namespace {

namespace nb = nanobind;

nb::dict dict_of(const LayerType::FieldInfo& field) {
  nb::dict dict;
  dict["name"] = field.name;
  dict["help"] = field.help;
  dict["accepts"] = accepted(field.kind, field.range);
  dict["choices"] = field.choices;
  dict["required"] = field.required;
  dict["default"] = field.required ? nb::none() : object_of(field.default_value);
  return dict;
}

nb::list layer_descriptions() {
  nb::list all;
  for (const LayerType& type : layer_types()) {
    nb::list fields;
    for (const auto& field : type.fields) fields.append(dict_of(field));
    nb::dict dict;
    dict["type"] = type.type;
    dict["about"] = type.about;
    dict["fields"] = fields;
    all.append(dict);
  }
  return all;
}

/// The keys of training, or of what one of its choices has.
template <class Field>
nb::dict dict_of_field(const Field& field) {
  nb::dict dict;
  dict["name"] = field.name;
  dict["help"] = field.help;
  dict["accepts"] = accepted(field.kind, field.range);
  dict["choices"] = field.choices;
  dict["required"] = false;
  return dict;
}

/// The structs that a variant chooses from, under each of their names.
template <class Chosen>
nb::list choice_descriptions() {
  nb::list all;
  for (const auto& [name, chosen] : choices(Chosen())) {
    nb::list fields;
    std::visit(
        [&]<class T>(const T& options) {
          for (const auto& field : fields_of<T>().all()) {
            nb::dict dict = dict_of_field(field);
            dict["default"] = object_of(field.get(options));
            fields.append(dict);
          }
        },
        chosen);
    nb::dict dict;
    dict["type"] = name;
    dict["fields"] = fields;
    all.append(dict);
  }
  return all;
}

nb::list setting_descriptions() {
  nb::list all;
  for (const SettingKey& key : training_keys().all()) {
    nb::dict dict = dict_of_field(key);
    dict["default"] = key.defaults.size() == 1 ? object_of(key.defaults.front().second) : nb::none();
    all.append(dict);
  }
  return all;
}

Layer make_layer(const std::string& type, const std::string& name, const nb::dict& fields) {
  const std::string where = type + (name.empty() ? "" : " \"" + name + '"');
  const LayerType* known = find_layer_type(type);
  std::vector<std::string> names;
  if (!known) {
    for (const LayerType& other : layer_types()) names.push_back(other.type);
    throw unknown_name("evenkeel_nn", "layer", type, names);
  }
  for (const auto& field : known->fields) names.push_back(field.name);
  std::vector<std::pair<std::string, FieldValue>> values;
  for (const auto& [key, value] : fields) {
    const auto field = nb::cast<std::string>(key);
    if (std::ranges::find(names, field) == names.end()) throw unknown_name(where, "argument", field, names);
    values.emplace_back(field, field_value_of(value, where + ": \"" + field + '"'));
  }
  try {
    for (const auto& [field, value] : values)
      std::ranges::find(known->fields, field, &LayerType::FieldInfo::name)->check(value);
    return known->make(name, values);
  } catch (const Error& error) {
    throw error.inside(where);
  }
}

nb::dict settings_of_layer(const Layer& layer, bool only_changed) {
  nb::dict dict;
  for (const auto& [name, value] : layer.settings(only_changed)) dict[name.c_str()] = object_of(value);
  return dict;
}

}  // namespace

void bind_layers(nb::module_& m) {
  nb::class_<Layer>(m, "Layer", "A layer's description: its type, its name and its fields.")
      .def_prop_ro("type", [](const Layer& layer) { return std::string(layer.type()); })
      .def_prop_ro("name", &Layer::name)
      .def("settings", &settings_of_layer, nb::arg("only_changed") = false);
  m.def("make_layer", &make_layer, nb::arg("type"), nb::arg("name"), nb::arg("fields"));
  m.def(
      "snake_case", [](const std::string& type) { return snake_case(type); }, nb::arg("type"));
  m.def("layer_descriptions", &layer_descriptions);
  m.def("optimizer_descriptions", &choice_descriptions<Optimizer>);
  m.def("loss_names", &loss_names);
  m.def("setting_descriptions", &setting_descriptions);
}

}  // namespace evenkeel::python
