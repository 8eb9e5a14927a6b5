#include "evenkeel/formats/element.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

#include "evenkeel/base/error.h"

namespace evenkeel::formats {
namespace {

/// Tags for the two types C++20 has no name for.
struct Half {
  std::uint16_t bits;
};
struct BrainFloat {
  std::uint16_t bits;
};

float value_of(BrainFloat x) { return std::bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16); }

float value_of(Half x) {
  const std::uint32_t sign = (x.bits & 0x8000u) << 16, exponent = x.bits >> 10 & 0x1fu, fraction = x.bits & 0x3ffu;
  float magnitude;
  if (exponent == 0)
    magnitude = static_cast<float>(fraction) * 0x1p-24f;
  else if (exponent == 31)
    magnitude = std::bit_cast<float>(0x7f800000u | fraction << 13);
  else
    magnitude = std::bit_cast<float>((exponent + 112) << 23 | fraction << 13);
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
}

template <class T>
T value_of(T x) {
  return x;
}

template <class From, class To>
bool widen(const std::byte* from, std::size_t count, std::byte* to) {
  bool fits = true;
  for (std::size_t i = 0; i < count; ++i) {
    From element;
    std::memcpy(&element, from + i * sizeof element, sizeof element);
    if constexpr (std::is_same_v<From, std::uint64_t>) fits &= std::in_range<To>(element);
    // NOLINTNEXTLINE(bugprone-signed-char-misuse): numbers, not characters
    const To value = static_cast<To>(value_of(element));
    std::memcpy(to + i * sizeof value, &value, sizeof value);
  }
  return fits;
}

constexpr std::array kElements = {
    ElementType{"f4", "F32", 4, DType::float32},
    ElementType{"f8", "F64", 8, DType::float64},
    ElementType{"u1", "U8", 1, DType::uint8},
    ElementType{"i4", "I32", 4, DType::int32},
    ElementType{"i8", "I64", 8, DType::int64},
    ElementType{"b1", "BOOL", 1, DType::uint8},
    ElementType{"i1", "I8", 1, DType::int32, widen<std::int8_t, std::int32_t>},
    ElementType{"i2", "I16", 2, DType::int32, widen<std::int16_t, std::int32_t>},
    ElementType{"u2", "U16", 2, DType::int32, widen<std::uint16_t, std::int32_t>},
    ElementType{"u4", "U32", 4, DType::int64, widen<std::uint32_t, std::int64_t>},
    ElementType{"u8", "U64", 8, DType::int64, widen<std::uint64_t, std::int64_t>},
    ElementType{"f2", "F16", 2, DType::float32, widen<Half, float>},
    ElementType{"", "BF16", 2, DType::float32, widen<BrainFloat, float>},
};

template <class Predicate>
const ElementType* find(Predicate predicate) {
  const auto found = std::find_if(kElements.begin(), kElements.end(), predicate);
  return found == kElements.end() ? nullptr : &*found;
}

void read_widened(Reader& in, const ElementType& type, Tensor& tensor) {
  constexpr std::size_t kPiece = std::size_t{1} << 16;
  const std::size_t count = static_cast<std::size_t>(tensor.shape().size());
  Bytes piece(std::min(count, kPiece) * type.size);
  for (std::size_t done = 0; done < count; done += kPiece) {
    const std::size_t n = std::min(count - done, kPiece);
    in.read(std::span(piece).first(n * type.size));
    if (!type.widen(piece.data(), n, tensor.data() + done * size_of(type.dtype)))
      throw Error{{.where = in.where(),
                   .expected = fmt::format("values that fit into {}", name_of(type.dtype)),
                   .received = "larger ones"}};
  }
}

}  // namespace

const ElementType* find_npy_element(std::string_view code) {
  return code.empty() ? nullptr : find([&](const ElementType& type) { return type.npy == code; });
}

const ElementType* find_safetensors_element(std::string_view name) {
  return find([&](const ElementType& type) { return type.safetensors == name; });
}

const ElementType& element_of(DType dtype) {
  return *find([&](const ElementType& type) { return type.dtype == dtype && !type.widen; });
}

Tensor read_elements(Reader& in, const Shape& shape, const ElementType& type) {
  const auto count = static_cast<std::uint64_t>(shape.size());
  if (in.remaining() % type.size != 0 || in.remaining() / type.size != count)
    throw Error{
        {.where = in.where(),
         .expected = fmt::format("{} elements of {} bytes, as its shape {} says", count, type.size, to_string(shape)),
         .received = fmt::format("{} bytes", in.remaining()),
         .hint = "The file is cut short, has bytes after its end, or its header is damaged."}};
  Tensor tensor(shape, type.dtype);
  if (type.widen)
    read_widened(in, type, tensor);
  else
    in.read({tensor.data(), tensor.bytes()});
  return tensor;
}

Shape make_shape(std::span<const std::int64_t> sizes, const std::string& where) {
  try {
    return Shape(sizes);
  } catch (const Error& error) {
    throw error.inside(where);
  }
}

}  // namespace evenkeel::formats
