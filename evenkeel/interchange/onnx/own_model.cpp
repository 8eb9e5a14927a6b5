#include "evenkeel/interchange/onnx/own_model.h"

#include <fmt/format.h>

#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/interchange/layout.h"
#include "evenkeel/interchange/record_json.h"
#include "evenkeel/nn/compile.h"
#include "evenkeel/nn/weights_misfit.h"

namespace evenkeel::interchange {
namespace {

using formats::onnx::GraphProto;
using formats::onnx::ModelProto;
using formats::onnx::TensorProto;
using Json = nlohmann::ordered_json;

/// FNV-1a: tells changes by accident, not by intent.
class Fingerprint {
 public:
  void add(std::string_view bytes) {
    number(bytes.size());
    for (const char byte : bytes) {
      value_ ^= static_cast<unsigned char>(byte);
      value_ *= 0x100000001b3;
    }
  }
  void number(std::uint64_t value) {
    for (int i = 0; i < 8; ++i, value >>= 8) {
      value_ ^= value & 0xff;
      value_ *= 0x100000001b3;
    }
  }
  std::string text() const { return fmt::format("{:016x}", value_); }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325;
};

std::string text_of(const google::protobuf::MessageLite& message) { return message.SerializeAsString(); }

/// The foreign names of all tensors in a record.
std::set<std::string> places_of(const Record& record) {
  std::set<std::string> names;
  for (const LayerRecord& layer : record.layers)
    for (const TensorRecord& tensor : layer.tensors) names.insert(tensor.foreign);
  return names;
}

const std::string* metadata(const ModelProto& model, const std::string& key) {
  for (const auto& entry : model.metadata_props())
    if (entry.key() == key) return &entry.value();
  return nullptr;
}

void add_metadata(ModelProto& model, const std::string& key, const std::string& value) {
  auto& entry = *model.add_metadata_props();
  entry.set_key(key);
  entry.set_value(value);
}

/// The elements of a constant, by what they are and not by how the message holds them.
std::string bytes_of(const TensorProto& tensor) {
  if (tensor.has_raw_data()) return tensor.raw_data();
  std::string bytes;
  const auto add = [&](const auto& values) {
    for (const auto value : values) bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  add(tensor.float_data());
  add(tensor.int64_data());
  for (const std::int32_t value : tensor.int32_data()) bytes.push_back(static_cast<char>(value));  // BOOL
  return bytes;
}

Shape shape_of(const TensorProto& tensor) {
  return Shape(std::span<const std::int64_t>(tensor.dims().data(), static_cast<std::size_t>(tensor.dims_size())));
}

/// Of tensors by name: shape and, of constants, elements.
void add_tensor(Fingerprint& print, const std::string& name, const Shape& shape, const std::string* elements) {
  print.add(name);
  for (const std::int64_t size : shape.sizes()) print.number(static_cast<std::uint64_t>(size));
  if (elements) print.add(*elements);
}

}  // namespace

std::string graph_fingerprint(const GraphProto& graph, const std::vector<formats::StreamedTensor>& constants,
                              const Record& record) {
  Fingerprint print;
  for (const auto& node : graph.node()) print.add(text_of(node));
  for (const auto* ports : {&graph.input(), &graph.output()})
    for (const auto& port : *ports) print.add(text_of(port));
  const std::set<std::string> places = places_of(record);
  for (const formats::StreamedTensor& tensor : constants) {
    if (places.contains(tensor.name)) {
      add_tensor(print, tensor.name, tensor.shape, nullptr);
      continue;
    }
    const Tensor elements = tensor.elements();
    const std::string bytes(reinterpret_cast<const char*>(elements.data()), elements.bytes());
    add_tensor(print, tensor.name, tensor.shape, &bytes);
  }
  for (const TensorProto& tensor : graph.initializer()) {
    const std::string bytes = places.contains(tensor.name()) ? std::string() : bytes_of(tensor);
    add_tensor(print, tensor.name(), shape_of(tensor), places.contains(tensor.name()) ? nullptr : &bytes);
  }
  return print.text();
}

void add_own_model(ModelProto& model, const std::vector<formats::StreamedTensor>& initializers, const ModelFile& file,
                   const formats::SafetensorsFile& weights, const Record& record) {
  Json rest = Json::object();
  std::set<std::string> placed;
  for (const LayerRecord& layer : record.layers)
    for (const TensorRecord& tensor : layer.tensors) placed.insert(tensor.name);
  for (const WeightInfo& info : weights_of(file.model)) {
    const Tensor* tensor = placed.contains(info.name) ? nullptr : weights.find(info.name);
    if (!tensor) continue;
    const Tensor wide = converted(*tensor, DType::float64);
    const auto values = wide.as<double>();
    rest[info.name] = std::vector<double>(values.begin(), values.end());
  }
  add_metadata(model, kOwnModel, write_model_file(file));
  add_metadata(model, kOwnRecord, formats::json_text(to_json(record)));
  if (!rest.empty()) add_metadata(model, kOwnTensors, formats::json_text(rest));
  add_metadata(model, kOwnGraph, graph_fingerprint(model.graph(), initializers, record));
}

namespace {

/// The tensor of ours that is at this place in the file.
Tensor placed_tensor(const TensorProto& proto, const TensorRecord& place, const WeightInfo& info,
                     const std::string& where) {
  const std::string& raw = proto.raw_data();
  const auto count = static_cast<std::size_t>(place.foreign_shape.size());
  const bool is_raw = raw.size() % sizeof(float) == 0 && raw.size() / sizeof(float) == count;
  const bool is_typed = raw.empty() && static_cast<std::size_t>(proto.float_data_size()) == count;
  if (proto.data_type() != TensorProto::FLOAT || (!is_raw && !is_typed))
    throw Error{{.where = where + ": " + place.foreign,
                 .expected = fmt::format("{} numbers of float32", count),
                 .received = "others"}};
  const void* from = is_raw ? static_cast<const void*>(raw.data()) : proto.float_data().data();
  const TensorView view{static_cast<const std::byte*>(from), place.foreign_shape, DType::float32};
  try {
    return to_ours(view, place, info.shape);
  } catch (const Error& error) {
    throw error.inside(where);
  }
}

/// A tensor without a place in the graph, from the metadata.
Tensor tensor_beside(const Json& all, const WeightInfo& info, const std::string& where) {
  const auto found = all.find(info.name);
  const bool fits = found != all.end() && found->is_array() && std::ssize(*found) == info.shape.size();
  if (!fits)
    throw Error{
        {.where = where + ": " + kOwnTensors, .expected = '"' + info.name + '"', .received = "no such numbers"}};
  std::vector<float> values;
  for (const Json& value : *found) {
    if (!value.is_number())
      throw Error{{.where = where + ": " + kOwnTensors, .expected = "numbers", .received = value.type_name()}};
    values.push_back(value.get<float>());
  }
  return Tensor::of<float>(info.shape, values);
}

/// Inputs and outputs are found by their names.
void require_ports(const std::vector<PortRecord>& ports, const std::vector<std::string>& names,
                   const std::string& where) {
  std::vector<std::string> received;
  for (const PortRecord& port : ports) received.push_back(port.name);
  if (received != names)
    throw Error{{.where = where + ": " + kOwnRecord, .expected = join(names), .received = join(received)}};
}

void require_ports(const Model& model, const Record& record, const std::string& where) {
  std::vector<std::string> inputs, outputs;
  for (const Model::Input& input : model.inputs()) inputs.push_back(input.name);
  for (const int output : model.outputs()) outputs.push_back(model.name_of(output));
  require_ports(record.inputs, inputs, where);
  require_ports(record.outputs, outputs, where);
}

}  // namespace

std::optional<Imported> import_own_model(ModelProto& model, const std::string& where) {
  const std::string* text = metadata(model, kOwnModel);
  const std::string* places = metadata(model, kOwnRecord);
  const std::string* print = metadata(model, kOwnGraph);
  if (!text || !places || !print) return {};
  const Record record = record_from(formats::parse_json(*places, where), where + ": " + kOwnRecord);
  if (graph_fingerprint(model.graph(), {}, record) != *print) return {};
  Imported imported{.file = parse_model_file(*text, where + ": " + kOwnModel), .weights = {}, .record = record};
  require_ports(imported.file.model, record, where);
  const std::string* beside = metadata(model, kOwnTensors);
  const Json rest = beside ? formats::parse_json(*beside, where) : Json::object();
  std::map<std::string, TensorProto*> initializers;
  for (TensorProto& tensor : *model.mutable_graph()->mutable_initializer()) initializers[tensor.name()] = &tensor;
  std::map<std::string, const TensorRecord*> by_name;
  for (const LayerRecord& layer : record.layers)
    for (const TensorRecord& tensor : layer.tensors) by_name[tensor.name] = &tensor;
  for (const WeightInfo& info : weights_of(imported.file.model)) {
    const auto place = by_name.find(info.name);
    const auto found = place == by_name.end() ? initializers.end() : initializers.find(place->second->foreign);
    if (found == initializers.end()) {
      imported.weights.add(info.name, tensor_beside(rest, info, where));
      continue;
    }
    imported.weights.add(info.name, placed_tensor(*found->second, *place->second, info, where));
    found->second->clear_raw_data();  // so that there is one copy of all numbers, and not two
  }
  imported.record.file = where;
  return imported;
}

}  // namespace evenkeel::interchange
