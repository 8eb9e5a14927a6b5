#include "evenkeel/formats/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "evenkeel/base/error.h"
#include "evenkeel/base/limits.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/element.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/formats/source.h"

// The format: https://huggingface.co/docs/safetensors. Eight bytes of header length, a JSON object, the tensors.
namespace evenkeel::formats {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kMetadata = "__metadata__";
constexpr std::uint64_t kMaxHeader = 100'000'000;  // the format's own limit

/// Where a tensor is in the buffer after the header.
struct Place {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string name;
  const ElementType* type = nullptr;
  Shape shape;
};

Error bad_header(const std::string& where, const std::string& received) {
  return Error{{.where = where,
                .expected = "a safetensors header",
                .received = received,
                .hint = "The file is damaged or of another format."}};
}

Json parse_header(const std::string& text, const std::string& where) {
  // The parser would accept two equal keys (and keep the last), and any depth of nesting.
  std::set<std::string> names;
  const auto check = [&](int depth, Json::parse_event_t event, Json& key) {
    constexpr int kDeepest = 3;
    if (depth > kDeepest) throw bad_header(where, "JSON that is nested deeper");
    if (event == Json::parse_event_t::key && depth == 1 && !names.insert(key.get<std::string>()).second)
      throw bad_header(where, fmt::format("the name \"{}\" twice", key.get<std::string>()));
    return true;
  };
  try {
    Json header = Json::parse(text, check);
    if (!header.is_object()) throw bad_header(where, "JSON that is not an object");
    return header;
  } catch (const Json::exception& error) {
    throw bad_header(where, error.what());
  }
}

std::map<std::string, std::string> parse_metadata(const Json& json, const std::string& where) {
  std::map<std::string, std::string> metadata;
  if (!json.is_object()) throw bad_header(where, "a __metadata__ that is not an object");
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) throw bad_header(where, fmt::format("metadata \"{}\" that is not a string", key));
    metadata.emplace(key, value.get<std::string>());
  }
  return metadata;
}

std::vector<std::int64_t> parse_numbers(const Json& tensor, const char* key, const std::string& where) {
  const auto found = tensor.find(key);
  if (found == tensor.end() || !found->is_array()) throw bad_header(where, fmt::format("no list \"{}\"", key));
  std::vector<std::int64_t> numbers;
  for (const Json& number : *found) {
    if (!number.is_number_unsigned() || !std::in_range<std::int64_t>(number.get<std::uint64_t>()))
      throw bad_header(where, fmt::format("{} in \"{}\"", json_text(number), key));
    numbers.push_back(number.get<std::int64_t>());
  }
  return numbers;
}

Place parse_place(const std::string& name, const Json& tensor, const std::string& where) {
  if (!tensor.is_object() || !tensor.contains("dtype") || !tensor["dtype"].is_string())
    throw bad_header(where, "no \"dtype\"");
  const auto dtype = tensor["dtype"].get<std::string>();
  const ElementType* type = find_safetensors_element(dtype);
  if (!type)
    throw Error{{.kind = Error::unsupported,
                 .where = where,
                 .expected = "elements of F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8 or BOOL",
                 .received = dtype}};
  const auto offsets = parse_numbers(tensor, "data_offsets", where);
  if (offsets.size() != 2) throw bad_header(where, "\"data_offsets\" that are not two");
  return {.begin = static_cast<std::uint64_t>(offsets[0]),
          .end = static_cast<std::uint64_t>(offsets[1]),
          .name = name,
          .type = type,
          .shape = make_shape(parse_numbers(tensor, "shape", where), where)};
}

std::string where_of(const std::string& file, const std::string& tensor) {
  return fmt::format("{}: tensor \"{}\"", file, tensor);
}

const std::string& checked_name(const std::string& name, const std::string& file) {
  if (name.size() > limits::kTensorNameBytes)
    throw Error{{.where = where_of(file, shortened(name, 40)),
                 .expected = fmt::format("a name of at most {} bytes", limits::kTensorNameBytes),
                 .received = with_commas(std::ssize(name))}};
  return name;
}

/// The tensors in the order of their offsets, which must cover `size` bytes without gap or overlap.
std::vector<Place> parse_places(const Json& header, std::uint64_t size, const std::string& file) {
  std::vector<Place> places;
  for (const auto& [name, tensor] : header.items())
    if (name != kMetadata) places.push_back(parse_place(checked_name(name, file), tensor, where_of(file, name)));
  std::sort(places.begin(), places.end(),
            [](const Place& a, const Place& b) { return std::tie(a.begin, a.end) < std::tie(b.begin, b.end); });
  std::uint64_t end = 0;
  for (const Place& place : places) {
    if (place.begin != end || place.end < place.begin || place.end > size)
      throw Error{{.where = where_of(file, place.name),
                   .expected = fmt::format("offsets from {} to at most {}", end, size),
                   .received = fmt::format("{} to {}", place.begin, place.end),
                   .hint = "The file is cut short or damaged."}};
    end = place.end;
  }
  if (end != size)
    throw Error{{.where = file,
                 .expected = fmt::format("{} bytes of tensors", end),
                 .received = fmt::format("{}", size),
                 .hint = "The file is damaged or has bytes after its end."}};
  return places;
}

SafetensorsFile decode(const Source& source) {
  Reader in(source);
  const auto length = in.little<std::uint64_t>();
  if (length > std::min(kMaxHeader, in.remaining()))
    throw bad_header(source.name(), fmt::format("a header length of {} in a file of {} bytes", length, source.size()));
  const std::string text = in.text(length);
  const std::uint64_t begin = 8 + length;
  const Json header = parse_header(text, source.name());
  SafetensorsFile file;
  if (const auto found = header.find(kMetadata); found != header.end())
    file.metadata = parse_metadata(*found, source.name());
  for (const Place& place : parse_places(header, in.remaining(), source.name())) {
    Reader data(source, begin + place.begin, begin + place.end, where_of(source.name(), place.name));
    file.add(place.name, read_elements(data, place.shape, *place.type));
  }
  return file;
}

/// The header for tensors in this order: length and JSON, padded with spaces so that the tensors are aligned.
Bytes encode_header(const std::vector<const SafetensorsEntry*>& tensors,
                    const std::map<std::string, std::string>& metadata, const std::string& where) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  auto& fields = header.get_ref<nlohmann::ordered_json::object_t&>();  // whose own insertion looks through all of them
  std::set<std::string_view> names = {kMetadata};
  if (!metadata.empty()) fields.emplace_back(std::string(kMetadata), metadata);
  std::uint64_t offset = 0;
  for (const SafetensorsEntry* entry : tensors) {
    const auto& [name, tensor] = *entry;
    if (!names.insert(name).second)
      throw Error{{.where = where, .expected = "tensor names that occur once", .received = '"' + name + '"'}};
    fields.emplace_back(name, nlohmann::ordered_json{{"dtype", element_of(tensor.dtype).safetensors},
                                                     {"shape", tensor.shape.sizes()},
                                                     {"data_offsets", {offset, offset + tensor.bytes()}}});
    offset += tensor.bytes();
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const Json::exception&) {
    throw Error{{.where = where, .expected = "names and metadata in UTF-8", .received = "other bytes"}};
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  Bytes bytes;
  append_little(bytes, std::uint64_t{text.size()});
  append(bytes, view_of(text));
  return bytes;
}

}  // namespace

const Tensor* SafetensorsFile::find(const std::string& name) const {
  const auto found = places_.find(name);
  return found == places_.end() ? nullptr : &tensors[found->second].second;
}

void SafetensorsFile::add(std::string name, Tensor tensor) {
  places_.emplace(name, tensors.size());
  tensors.emplace_back(std::move(name), std::move(tensor));
}

SafetensorsFile read_safetensors(const std::filesystem::path& path) { return decode(Source(path)); }

SafetensorsFile decode_safetensors(BytesView bytes, const std::string& name) { return decode(Source(bytes, name)); }

void write_safetensors(const std::filesystem::path& path, const std::vector<SafetensorsEntry>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<const SafetensorsEntry*> ordered;
  for (const SafetensorsEntry& entry : tensors) ordered.push_back(&entry);
  std::stable_sort(ordered.begin(), ordered.end(), [](const SafetensorsEntry* a, const SafetensorsEntry* b) {
    return size_of(a->tensor.dtype) > size_of(b->tensor.dtype);
  });
  AtomicFile file(path);
  file.write(encode_header(ordered, metadata, file.name()));
  for (const SafetensorsEntry* entry : ordered) file.write({entry->tensor.data, entry->tensor.bytes()});
  file.commit();
}

}  // namespace evenkeel::formats
