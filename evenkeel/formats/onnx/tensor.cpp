#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/element.h"
#include "evenkeel/formats/onnx/model.h"

namespace evenkeel::formats {
namespace {

namespace fs = std::filesystem;
using Proto = onnx::TensorProto;

struct OnnxType {
  int number;
  const char* name;
  const char* npy;  ///< numpy's code, by which elements are widened; nullptr: no Tensor can hold it
};

constexpr std::array kTypes = {OnnxType{Proto::FLOAT, "FLOAT", "f4"},
                               OnnxType{Proto::UINT8, "UINT8", "u1"},
                               OnnxType{Proto::INT8, "INT8", "i1"},
                               OnnxType{Proto::UINT16, "UINT16", "u2"},
                               OnnxType{Proto::INT16, "INT16", "i2"},
                               OnnxType{Proto::INT32, "INT32", "i4"},
                               OnnxType{Proto::INT64, "INT64", "i8"},
                               OnnxType{Proto::STRING, "STRING", nullptr},
                               OnnxType{Proto::BOOL, "BOOL", "b1"},
                               OnnxType{Proto::FLOAT16, "FLOAT16", "f2"},
                               OnnxType{Proto::DOUBLE, "DOUBLE", "f8"},
                               OnnxType{Proto::UINT32, "UINT32", "u4"},
                               OnnxType{Proto::UINT64, "UINT64", "u8"},
                               OnnxType{Proto::COMPLEX64, "COMPLEX64", nullptr},
                               OnnxType{Proto::COMPLEX128, "COMPLEX128", nullptr}};

const ElementType& element_type(int data_type, const std::string& where) {
  if (data_type == Proto::BFLOAT16) return *find_safetensors_element("BF16");
  const auto found = std::ranges::find(kTypes, data_type, &OnnxType::number);
  const ElementType* type = found == kTypes.end() || !found->npy ? nullptr : find_npy_element(found->npy);
  if (type) return *type;
  throw Error{{.kind = Error::unsupported,
               .where = where,
               .expected = "numbers: floats, integers or booleans",
               .received = onnx_type_name(data_type)}};
}

Error wrong_count(const std::string& where, const Shape& shape, const std::string& received) {
  return Error{{.where = where,
                .expected = fmt::format("{} numbers for the shape {}", shape.size(), to_string(shape)),
                .received = received,
                .hint = "The file is cut short or damaged."}};
}

/// Elements as the file has them, in the tensor's type.
Tensor from_bytes(BytesView bytes, const Shape& shape, const ElementType& type, const std::string& where) {
  if (static_cast<std::uint64_t>(shape.size()) > bytes.size() / type.size ||
      bytes.size() != static_cast<std::uint64_t>(shape.size()) * type.size)
    throw wrong_count(where, shape, fmt::format("{} bytes of {} each", bytes.size(), type.size));
  const Source source(bytes, where);
  Reader in(source);
  return read_elements(in, shape, type);
}

/// Numbers of one of the typed fields, in which small types are widened.
template <class To, class Field>
Tensor from_field(const Field& field, const Shape& shape, const std::string& where) {
  if (field.size() != shape.size()) throw wrong_count(where, shape, fmt::format("{}", field.size()));
  Tensor tensor(shape, kDTypeOf<To>);
  const auto into = tensor.as<To>();
  for (int i = 0; i < field.size(); ++i) {
    if (!std::in_range<To>(field.Get(i)))
      throw Error{{.where = where, .expected = "numbers of its type", .received = fmt::format("{}", field.Get(i))}};
    into[static_cast<std::size_t>(i)] = static_cast<To>(field.Get(i));
  }
  return tensor;
}

template <class To, class Field>
Tensor from_floats(const Field& field, const Shape& shape, const std::string& where) {
  if (field.size() != shape.size()) throw wrong_count(where, shape, fmt::format("{}", field.size()));
  return Tensor::of<To>(shape, std::span(field.data(), static_cast<std::size_t>(field.size())));
}

/// Half-precision numbers, whose bits stand in 32 bits each.
Tensor from_halves(const Proto& proto, const Shape& shape, const ElementType& type, const std::string& where) {
  if (proto.int32_data_size() != shape.size())
    throw wrong_count(where, shape, fmt::format("{}", proto.int32_data_size()));
  Bytes bytes;
  for (const std::int32_t bits : proto.int32_data()) append_little(bytes, static_cast<std::uint16_t>(bits));
  return from_bytes(bytes, shape, type, where);
}

Tensor from_fields(const Proto& proto, const Shape& shape, const ElementType& type, const std::string& where) {
  switch (proto.data_type()) {
    case Proto::FLOAT: return from_floats<float>(proto.float_data(), shape, where);
    case Proto::DOUBLE: return from_floats<double>(proto.double_data(), shape, where);
    case Proto::INT64: return from_field<std::int64_t>(proto.int64_data(), shape, where);
    case Proto::UINT32:
    case Proto::UINT64: return from_field<std::int64_t>(proto.uint64_data(), shape, where);
    case Proto::FLOAT16:
    case Proto::BFLOAT16: return from_halves(proto, shape, type, where);
    case Proto::BOOL:
    case Proto::UINT8: return from_field<std::uint8_t>(proto.int32_data(), shape, where);
    default: return from_field<std::int32_t>(proto.int32_data(), shape, where);
  }
}

std::uint64_t number_in(const std::string& text, const std::string& where) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size())
    throw Error{{.where = where, .expected = "a number of bytes", .received = printable(shortened(text, 60))}};
  return number;
}

Tensor from_file(const Proto& proto, const Shape& shape, const ElementType& type, const std::string& where,
                 OnnxDataFiles* files) {
  std::string location;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = number_in(entry.value(), where + ": offset");
    if (entry.key() == "length") length = number_in(entry.value(), where + ": length");
  }
  if (!files) throw Error{{.where = where, .expected = "data in the file itself", .received = "data in another file"}};
  const Source& source = files->open(location, where);
  const std::string place = fmt::format("{}: {}", source.name(), where);
  if (offset > source.size())
    throw Error{{.where = place,
                 .expected = fmt::format("data from offset {}", offset),
                 .received = fmt::format("a file of {} bytes", source.size()),
                 .hint = "The file is cut short or of another model."}};
  const std::uint64_t left = source.size() - offset, count = static_cast<std::uint64_t>(shape.size());
  const std::uint64_t bytes = length.value_or(std::min(left, count > left ? left : count * type.size));
  if (bytes > left || count > bytes / type.size || bytes != count * type.size)
    throw Error{{.where = place,
                 .expected = fmt::format("{} numbers of {} bytes for the shape {}", count, type.size, to_string(shape)),
                 .received = fmt::format("{} bytes of {} from offset {}", bytes, source.size(), offset),
                 .hint = "The file is cut short or of another model."}};
  Reader in(source, offset, offset + bytes, place);
  return read_elements(in, shape, type);
}

bool is_inside(const fs::path& file, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end();
}

}  // namespace

std::string onnx_type_name(int data_type) {
  if (data_type == Proto::BFLOAT16) return "BFLOAT16";
  const auto found = std::ranges::find(kTypes, data_type, &OnnxType::number);
  return found == kTypes.end() ? fmt::format("type {}", data_type) : found->name;
}

const Source& OnnxDataFiles::open(const std::string& location, const std::string& where) {
  const auto known = opened_.find(location);
  if (known != opened_.end()) return known->second;
  const std::string shown = printable(shortened(location, 200));
  const Error outside({.where = where,
                       .expected = "data in a file in the model's folder",
                       .received = '"' + shown + '"',
                       .hint = "A path outside that folder is not read."});
  const fs::path relative(location);
  if (location.empty() || location.find('\0') != std::string::npos || relative.is_absolute() ||
      std::ranges::find(relative, fs::path("..")) != relative.end())
    throw outside;
  std::error_code failure;
  const fs::path folder = fs::canonical(folder_.empty() ? fs::path(".") : folder_, failure);
  const fs::path file = failure ? fs::path() : fs::canonical(folder / relative, failure);
  if (failure)
    throw Error{{.kind = kind_of_failure(failure),
                 .where = where,
                 .expected = "its data in the file \"" + shown + "\" beside the model",
                 .received = failure.message(),
                 .hint = "Copy that file into the model's folder."}};
  if (!is_inside(file, folder)) throw outside;
  return opened_.emplace(location, Source(file)).first->second;
}

Tensor take_onnx_tensor(Proto& proto, const std::string& where, OnnxDataFiles* files) {
  const ElementType& type = element_type(proto.data_type(), where);
  if (proto.dims_size() > Shape::kMaxRank)
    throw Error{{.kind = Error::unsupported,
                 .where = where,
                 .expected = fmt::format("at most {} axes", Shape::kMaxRank),
                 .received = fmt::format("{}", proto.dims_size())}};
  const Shape shape = make_shape({proto.dims().data(), static_cast<std::size_t>(proto.dims_size())}, where);
  if (proto.has_segment())
    throw Error{{.kind = Error::unsupported, .where = where, .received = "a tensor in segments"}};
  if (proto.data_location() == Proto::EXTERNAL) return from_file(proto, shape, type, where, files);
  Tensor tensor = proto.has_raw_data() ? from_bytes(view_of(proto.raw_data()), shape, type, where)
                                       : from_fields(proto, shape, type, where);
  // Clearing a field keeps its memory.
  std::decay_t<decltype(proto.float_data())>().Swap(proto.mutable_float_data());
  std::decay_t<decltype(proto.int32_data())>().Swap(proto.mutable_int32_data());
  std::decay_t<decltype(proto.int64_data())>().Swap(proto.mutable_int64_data());
  std::decay_t<decltype(proto.double_data())>().Swap(proto.mutable_double_data());
  delete proto.release_raw_data();
  return tensor;
}

}  // namespace evenkeel::formats
