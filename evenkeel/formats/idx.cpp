#include "evenkeel/formats/idx.h"

#include <fmt/format.h>

#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/element.h"
#include "evenkeel/formats/file.h"

namespace evenkeel::formats {
namespace {

const ElementType* find_element(unsigned code) {
  switch (code) {
    case 0x08: return &element_of(DType::uint8);
    case 0x0C: return &element_of(DType::int32);
    case 0x0D: return &element_of(DType::float32);
    case 0x0E: return &element_of(DType::float64);
    default: return nullptr;
  }
}

template <std::unsigned_integral T>
void swap_elements(Tensor& tensor) {
  for (std::byte* element = tensor.data(); element != tensor.data() + tensor.bytes(); element += sizeof(T)) {
    const T value = swapped(load_little<T>(element));
    std::memcpy(element, &value, sizeof value);
  }
}

}  // namespace

Tensor read_idx(const std::filesystem::path& path) { return decode_idx(read_maybe_gzip(path), path.string()); }

Tensor decode_idx(BytesView bytes, const std::string& name) {
  const Source source(bytes, name);
  Reader in(source);
  const auto magic = in.big<std::uint32_t>();
  if (magic >> 16 != 0)
    throw Error{{.where = name,
                 .expected = "an idx file (its first two bytes are 0)",
                 .received = fmt::format("a file that begins with {:08x}", magic)}};
  const unsigned code = magic >> 8 & 0xff, rank = magic & 0xff;
  const ElementType* type = find_element(code);
  if (!type)
    throw Error{{.kind = Error::unsupported,
                 .where = name,
                 .expected = "idx elements of type 08 (uint8), 0c (int32), 0d (float32) or 0e (float64)",
                 .received = fmt::format("{:02x}", code)}};
  std::vector<std::int64_t> sizes;
  for (unsigned i = 0; i < rank; ++i) sizes.push_back(in.big<std::uint32_t>());
  Tensor tensor = read_elements(in, make_shape(sizes, name), *type);
  if (type->size == 4) swap_elements<std::uint32_t>(tensor);
  if (type->size == 8) swap_elements<std::uint64_t>(tensor);
  return tensor;
}

}  // namespace evenkeel::formats
