#include "evenkeel/formats/npy.h"

#include <fmt/format.h>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/element.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/npy_header.h"

namespace evenkeel::formats {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

std::string read_header_text(Reader& in) {
  if (in.remaining() < 8 || in.text(kMagic.size()) != kMagic)
    throw Error{{.where = in.where(), .expected = "a npy file (it begins with \\x93NUMPY)", .received = "another"}};
  const auto major = in.little<std::uint8_t>();
  in.little<std::uint8_t>();  // The minor version changes nothing.
  if (major < 1 || major > 3)
    throw Error{{.kind = Error::unsupported,
                 .where = in.where(),
                 .expected = "npy version 1, 2 or 3",
                 .received = fmt::format("{}", major)}};
  return in.text(major == 1 ? in.little<std::uint16_t>() : in.little<std::uint32_t>());
}

const ElementType& element_type(const std::string& descr, const std::string& where) {
  const char order = descr.empty() ? '\0' : descr.front();
  const ElementType* type = find_npy_element(std::string_view(descr).substr(descr.empty() ? 0 : 1));
  if (type && (order == '<' || type->size == 1)) return *type;
  throw Error{{.kind = Error::unsupported,
               .where = where,
               .expected = "numbers (float32, float64, integers or bool)",
               .received = fmt::format("dtype {}", descr),
               .hint = type ? "Convert the byte order with array.astype(array.dtype.newbyteorder('<'))."
                            : "Convert with array.astype('float32') before it is saved."}};
}

}  // namespace

Tensor decode_npy(Reader& in) {
  const NpyHeader header = parse_npy_header(read_header_text(in), in.where());
  const ElementType& type = element_type(header.descr, in.where());
  const Shape shape = make_shape(header.shape, in.where());
  if (header.fortran_order)
    throw Error{{.kind = Error::unsupported,
                 .where = in.where(),
                 .expected = "an array in C order",
                 .received = fmt::format("{} in Fortran order", to_string(shape)),
                 .hint = "Save it with numpy.ascontiguousarray(array)."}};
  return read_elements(in, shape, type);
}

Tensor decode_npy(BytesView bytes, const std::string& name) {
  const Source source(bytes, name);
  Reader in(source);
  return decode_npy(in);
}

Tensor read_npy(const std::filesystem::path& path) {
  const Source source(path);
  Reader in(source);
  return decode_npy(in);
}

Bytes encode_npy_header(TensorView tensor) {
  std::string sizes;
  for (const std::int64_t size : tensor.shape.sizes()) sizes += fmt::format("{}, ", size);
  if (tensor.shape.rank() > 1) sizes.resize(sizes.size() - 2);
  const ElementType& type = element_of(tensor.dtype);
  std::string text = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}), }}",
                                 type.size == 1 ? '|' : '<', type.npy, sizes);
  // Elements begin at a multiple of 64, as numpy has it.
  constexpr std::size_t kBefore = kMagic.size() + 4;
  text.append(63 - (kBefore + text.size()) % 64, ' ');
  text += '\n';

  Bytes header;
  append(header, view_of(kMagic));
  append_little<std::uint8_t>(header, 1);
  append_little<std::uint8_t>(header, 0);
  append_little(header, static_cast<std::uint16_t>(text.size()));
  append(header, view_of(text));
  return header;
}

Bytes encode_npy(TensorView tensor) {
  Bytes bytes = encode_npy_header(tensor);
  append(bytes, {tensor.data, tensor.bytes()});
  return bytes;
}

void write_npy(const std::filesystem::path& path, TensorView tensor) {
  AtomicFile file(path);
  file.write(encode_npy_header(tensor));
  file.write({tensor.data, tensor.bytes()});
  file.commit();
}

}  // namespace evenkeel::formats
