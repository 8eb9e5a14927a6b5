#include "evenkeel/interchange/record.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/interchange/record_json.h"

namespace evenkeel::interchange {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Shape& shape) { return std::vector<std::int64_t>(shape.sizes().begin(), shape.sizes().end()); }

/// Of a tensor or a port, which are placed alike.
template <class Placed>
Json json_of(const Placed& placed) {
  Json json{{"name", placed.name}, {"foreign", placed.foreign}, {"foreign_shape", json_of(placed.foreign_shape)}};
  if (placed.seen_as.rank() > 0) json["seen_as"] = json_of(placed.seen_as);
  if (!placed.axes.empty()) json["permutation"] = placed.axes;
  return json;
}

/// Reads values of one object, and says in errors which.
class Reader {
 public:
  Reader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json.is_object()) throw Error{{.where = where_, .expected = "an object", .received = json.type_name()}};
  }

  std::string text(const char* key, bool required = true) const {
    const Json* value = find(key, required);
    if (!value) return {};
    if (!value->is_string()) fail(key, "a text", *value);
    return value->get<std::string>();
  }
  std::int64_t whole_number(const char* key, std::int64_t fallback) const {
    const Json* value = find(key, false);
    if (!value) return fallback;
    if (!value->is_number_integer()) fail(key, "a whole number", *value);
    return value->get<std::int64_t>();
  }
  std::vector<std::string> texts(const char* key) const {
    std::vector<std::string> all;
    for (const Json& one : list(key)) {
      if (!one.is_string()) fail(key, "a list of texts", one);
      all.push_back(one.get<std::string>());
    }
    return all;
  }
  Shape shape(const char* key, bool required) const {
    if (!find(key, required)) return {};
    std::vector<std::int64_t> sizes;
    for (const Json& one : list(key)) {
      if (!one.is_number_integer()) fail(key, "a list of whole numbers", one);
      sizes.push_back(one.get<std::int64_t>());
    }
    try {
      return Shape(sizes);
    } catch (const Error& error) {
      throw error.inside(where_);
    }
  }
  /// A permutation of the axes of a tensor of this rank.
  std::vector<int> axes(const char* key, int rank) const {
    std::vector<int> all;
    if (!find(key, false)) return all;
    for (const Json& one : list(key)) {
      if (!one.is_number_integer()) fail(key, "a list of whole numbers", one);
      all.push_back(one.get<int>());
    }
    std::vector<int> sorted = all;
    std::ranges::sort(sorted);
    for (std::size_t i = 0; i < sorted.size(); ++i)
      if (sorted[i] != static_cast<int>(i) || std::ssize(sorted) != rank)
        fail(key, "the axes 0 to " + std::to_string(rank - 1) + ", each once", *find(key, true));
    return all;
  }
  const Json& list(const char* key) const {
    const Json* value = find(key, true);
    if (!value->is_array()) fail(key, "a list", *value);
    return *value;
  }
  std::string place(const char* key) const { return where_ + ": \"" + key + '"'; }

 private:
  const Json* find(const char* key, bool required) const {
    const auto found = json_.find(key);
    if (found != json_.end()) return &*found;
    if (required) throw Error{{.where = where_, .expected = '"' + std::string(key) + '"', .received = "no such key"}};
    return nullptr;
  }
  [[noreturn]] void fail(const char* key, const std::string& expected, const Json& received) const {
    throw Error{{.where = place(key), .expected = expected, .received = shortened(formats::json_text(received), 60)}};
  }

  const Json& json_;
  std::string where_;
};

TensorRecord tensor_from(const Json& json, const std::string& where) {
  const Reader read(json, where);
  TensorRecord tensor{.name = read.text("name"),
                      .foreign = read.text("foreign"),
                      .foreign_shape = read.shape("foreign_shape", true),
                      .seen_as = read.shape("seen_as", false),
                      .axes = {}};
  const Shape& seen = tensor.seen_as.rank() > 0 ? tensor.seen_as : tensor.foreign_shape;
  tensor.axes = read.axes("permutation", seen.rank());
  return tensor;
}

std::vector<PortRecord> ports_from(const Reader& reader, const char* key) {
  std::vector<PortRecord> ports;
  for (const Json& json : reader.list(key)) {
    const TensorRecord one = tensor_from(json, reader.place(key));
    ports.push_back({.name = one.name,
                     .foreign = one.foreign,
                     .foreign_shape = one.foreign_shape,
                     .axes = one.axes,
                     .seen_as = one.seen_as});
  }
  return ports;
}

template <class T>
Json list_of(const std::vector<T>& all) {
  Json list = Json::array();
  for (const T& one : all) list.push_back(json_of(one));
  return list;
}

}  // namespace

const LayerRecord* Record::find(const std::string& layer) const {
  const auto found = std::ranges::find(layers, layer, &LayerRecord::name);
  return found == layers.end() ? nullptr : &*found;
}

std::string Record::other_name(const std::string& layer) const {
  const LayerRecord* found = find(layer);
  return found && found->foreign != layer ? found->foreign : std::string();
}

Json to_json(const Record& record) {
  Json layers = Json::array();
  for (const LayerRecord& layer : record.layers) {
    Json json{{"name", layer.name}, {"foreign", layer.foreign}, {"type", layer.type}};
    if (layer.updates >= 0) json["updates"] = layer.updates;
    json["tensors"] = list_of(layer.tensors);
    layers.push_back(std::move(json));
  }
  Json json{{"format", record.format},          {"file", record.file},
            {"producer", record.producer},      {"version", record.version},
            {"inputs", list_of(record.inputs)}, {"outputs", list_of(record.outputs)},
            {"layers", std::move(layers)},      {"lost", record.lost},
            {"recognised", record.recognised},  {"warnings", record.warnings}};
  if (!record.checksum.empty()) json["crc32c"] = record.checksum;
  if (!record.preprocess.empty()) json["preprocess"] = record.preprocess;
  return json;
}

Record record_from(const Json& json, const std::string& where) {
  const Reader read(json, where);
  Record record{.format = read.text("format"),
                .file = read.text("file"),
                .producer = read.text("producer"),
                .version = read.text("version"),
                .inputs = ports_from(read, "inputs"),
                .outputs = ports_from(read, "outputs"),
                .layers = {},
                .lost = read.texts("lost"),
                .recognised = read.texts("recognised"),
                .warnings = read.texts("warnings"),
                .checksum = read.text("crc32c", false),
                .preprocess = read.text("preprocess", false)};
  for (const Json& one : read.list("layers")) {
    const Reader layer(one, read.place("layers"));
    LayerRecord next{
        .name = layer.text("name"), .foreign = layer.text("foreign"), .type = layer.text("type"), .tensors = {}};
    next.updates = layer.whole_number("updates", -1);
    for (const Json& tensor : layer.list("tensors"))
      next.tensors.push_back(tensor_from(tensor, layer.place("tensors")));
    record.layers.push_back(std::move(next));
  }
  return record;
}

}  // namespace evenkeel::interchange
