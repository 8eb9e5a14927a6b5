#include "evenkeel/interchange/ports.h"

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/interchange/layout.h"

namespace evenkeel::interchange {
namespace {

const PortRecord* port_named(const std::vector<PortRecord>& ports, const std::string& ours) {
  const auto found = std::ranges::find(ports, ours, &PortRecord::name);
  return found == ports.end() || found->foreign.empty() ? nullptr : &*found;
}

/// "image [N, 3, 224, 224]" of each input, in the file's own words.
std::string wanted_inputs(const Record& record, const Model& model) {
  std::vector<std::string> wanted;
  for (const Model::Input& input : model.inputs()) {
    const PortRecord* port = port_named(record.inputs, input.name);
    wanted.push_back(port ? port->foreign + ' ' + to_string_batched(port->foreign_shape)
                          : input.name + ' ' + to_string_batched(input.shape));
  }
  return join(wanted);
}

std::string names_of_arrays(const std::map<std::string, Tensor>& arrays) {
  std::vector<std::string> names;
  for (const auto& [name, array] : arrays) names.push_back(name + ' ' + to_string(array.shape()));
  return names.empty() ? "no arrays" : join(names);
}

bool has_shape(const Tensor& array, const Shape& sample) {
  return array.shape().rank() > 0 && array.shape()[0] > 0 && array.shape() == sample.batched(array.shape()[0]);
}

}  // namespace

std::map<std::string, Tensor> inputs_of_ours(const Record& record, const Model& model,
                                             const std::map<std::string, Tensor>& arrays, const std::string& where) {
  std::map<std::string, Tensor> ours;
  for (const Model::Input& input : model.inputs()) {
    const PortRecord* port = port_named(record.inputs, input.name);
    auto array = port ? arrays.find(port->foreign) : arrays.end();
    if (array == arrays.end()) array = arrays.find(input.name);
    if (array == arrays.end() && model.inputs().size() == 1 && arrays.size() == 1) array = arrays.begin();
    if (array == arrays.end())
      throw Error{{.where = where, .expected = wanted_inputs(record, model), .received = names_of_arrays(arrays)}};
    if (port && !has_shape(array->second, port->foreign_shape))
      throw Error{{.where = where + ": " + array->first,
                   .expected = to_string_batched(port->foreign_shape) + " of at least one sample, as in " + record.file,
                   .received = to_string(array->second.shape())}};
    ours.emplace(input.name, port ? to_ours(array->second, *port, input.shape) : array->second.clone());
  }
  return ours;
}

std::vector<std::pair<std::string, Tensor>> outputs_as_theirs(const Record& record,
                                                              std::vector<std::pair<std::string, Tensor>> outputs) {
  for (auto& [name, values] : outputs) {
    const PortRecord* port = port_named(record.outputs, name);
    if (!port) continue;
    values = to_foreign(values, *port);
    name = port->foreign;
  }
  return outputs;
}

Tensor output_of_ours(const Record& record, const std::string& layer, const Tensor& theirs, const Shape& ours) {
  const PortRecord* port = port_named(record.outputs, layer);
  if (!port || !has_shape(theirs, port->foreign_shape)) return theirs.clone();
  return to_ours(theirs, *port, ours);
}

}  // namespace evenkeel::interchange
