#include "evenkeel/formats/onnx/encode.h"

#include <onnx.pb.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/onnx/wire.h"
#include "evenkeel/tensor/bfloat16.h"

namespace evenkeel::formats {
namespace {

using onnx::TensorProto;

/// The bits of a half precision number: the nearest, of two equally near ones the even one.
std::uint16_t half_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | 0x7e00);
  const float size = std::fabs(value);
  if (size >= 65520.0F) return static_cast<std::uint16_t>(sign | 0x7c00);  // rounds to 2^16, which is infinite
  if (size < 0x1p-14F)  // steps of 2^-24; the largest of them is the first normal number
    return static_cast<std::uint16_t>(sign | static_cast<std::uint16_t>(std::nearbyint(size * 0x1p24F)));
  const std::uint32_t shifted = (bits & 0x7fffffff) - (std::uint32_t{112} << 23);
  const std::uint32_t rounded = shifted + 0xfff + (shifted >> 13 & 1);
  return static_cast<std::uint16_t>(sign | rounded >> 13);
}

template <class T, class Convert>
std::string raw_bytes(std::span<const float> numbers, Convert convert) {
  std::string bytes(numbers.size() * sizeof(T), '\0');
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const T one = convert(numbers[i]);
    std::memcpy(bytes.data() + i * sizeof(T), &one, sizeof one);
  }
  return bytes;
}

/// The field that has numbers of this type, where raw_data has not.
int typed_field(int data_type) {
  if (data_type == TensorProto::FLOAT) return TensorProto::kFloatDataFieldNumber;
  if (data_type == TensorProto::DOUBLE) return TensorProto::kDoubleDataFieldNumber;
  return TensorProto::kInt32DataFieldNumber;
}

/// Raw numbers as the content of that field: halves are whole numbers of any length there.
std::string typed_content(const std::string& raw, int data_type) {
  if (data_type == TensorProto::FLOAT || data_type == TensorProto::DOUBLE) return raw;
  std::string content;
  for (std::size_t i = 0; i + 1 < raw.size(); i += 2) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, raw.data() + i, sizeof bits);
    wire::append_varint(content, bits);
  }
  return content;
}

bool holds_numbers(int field) {
  return field == TensorProto::kRawDataFieldNumber || field == TensorProto::kFloatDataFieldNumber ||
         field == TensorProto::kDoubleDataFieldNumber || field == TensorProto::kInt32DataFieldNumber;
}

bool says_where(int field) {
  return field == TensorProto::kExternalDataFieldNumber || field == TensorProto::kDataLocationFieldNumber;
}

std::string text_of_bytes(BytesView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// The value of "location" in an entry of external_data.
std::string location_in(BytesView entry, const std::string& where) {
  std::string key, value;
  wire::Fields fields(entry, where);
  while (const auto field = fields.next()) {
    if (field->number == onnx::StringStringEntryProto::kKeyFieldNumber) key = text_of_bytes(field->content);
    if (field->number == onnx::StringStringEntryProto::kValueFieldNumber) value = text_of_bytes(field->content);
  }
  return key == "location" ? value : std::string();
}

}  // namespace

EncodedTensor look_at_onnx_tensor(BytesView content, const std::string& where) {
  EncodedTensor tensor;
  tensor.content = content;
  wire::Fields fields(content, where);
  while (const auto field = fields.next()) {
    if (field->number == TensorProto::kNameFieldNumber) tensor.name = text_of_bytes(field->content);
    if (field->number == TensorProto::kDataTypeFieldNumber) tensor.data_type = static_cast<int>(field->value);
    if (field->number == TensorProto::kDataLocationFieldNumber)
      tensor.is_external = field->value == TensorProto::EXTERNAL;
    if (field->number == TensorProto::kExternalDataFieldNumber)
      if (std::string location = location_in(field->content, where); !location.empty())
        tensor.location = std::move(location);
  }
  return tensor;
}

std::optional<std::string> onnx_raw_data(TensorView numbers, int data_type) {
  const auto values = numbers.as<float>();
  switch (data_type) {
    case TensorProto::FLOAT: return raw_bytes<float>(values, [](float v) { return v; });
    case TensorProto::DOUBLE: return raw_bytes<double>(values, [](float v) { return static_cast<double>(v); });
    case TensorProto::FLOAT16: return raw_bytes<std::uint16_t>(values, half_bits);
    case TensorProto::BFLOAT16: return raw_bytes<bfloat16>(values, [](float v) { return bfloat16(v); });
    default: return {};
  }
}

std::string with_numbers(const EncodedTensor& tensor, TensorView numbers, const std::string& where) {
  const auto raw = onnx_raw_data(numbers, tensor.data_type);
  if (!raw)
    throw Error{{.kind = Error::unsupported,
                 .where = where,
                 .expected = "numbers of float32, float64, float16 or bfloat16, to write others in their place",
                 .received = "data type " + std::to_string(tensor.data_type)}};
  std::string message;
  bool is_written = false;
  const auto write = [&](int field) {
    const std::string content =
        field == TensorProto::kRawDataFieldNumber ? *raw : typed_content(*raw, tensor.data_type);
    wire::append_prefix(message, field, content.size());
    message += content;
    is_written = true;
  };
  wire::Fields fields(tensor.content, where);
  while (const auto field = fields.next()) {
    if (tensor.is_external && says_where(field->number)) continue;
    if (!holds_numbers(field->number))
      message += text_of_bytes(field->whole);
    else if (!is_written)
      write(field->number == TensorProto::kRawDataFieldNumber ? field->number : typed_field(tensor.data_type));
  }
  if (!is_written) write(TensorProto::kRawDataFieldNumber);
  return message;
}

}  // namespace evenkeel::formats
