#include "evenkeel/formats/npy.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

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
  const bool objects = descr.ends_with('O');
  throw Error{
      {.kind = Error::unsupported,
       .where = where,
       .expected = "numbers (float32, float64, integers or bool)",
       .received = fmt::format("dtype {}", descr),
       .hint = type      ? "Convert the byte order with array.astype(array.dtype.newbyteorder('<'))."
               : objects ? "Convert with array.astype('float32'), or names with array.astype(str), before it is saved."
                         : "Convert with array.astype('float32') before it is saved."}};
}

void append_utf8(std::string& text, std::uint32_t code) {
  constexpr std::uint32_t kUnknown = 0xfffd;
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) code = kUnknown;
  const auto follow = [&](int shift) { text += static_cast<char>(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xc0 | code >> 6);
    follow(0);
  } else if (code < 0x10000) {
    text += static_cast<char>(0xe0 | code >> 12);
    follow(6), follow(0);
  } else {
    text += static_cast<char>(0xf0 | code >> 18);
    follow(12), follow(6), follow(0);
  }
}

/// From "<U12" or "|S12": the number of letters of each element, and the bytes of a letter.
struct TextType {
  std::uint64_t letters = 0, letter_bytes = 1;
};

std::optional<TextType> text_type(const std::string& descr) {
  if (descr.size() < 3 || (descr[1] != 'U' && descr[1] != 'S') || (descr[1] == 'U' && descr[0] != '<')) return {};
  TextType type{.letter_bytes = descr[1] == 'U' ? 4u : 1u};
  const char* end = descr.data() + descr.size();
  const auto [rest, problem] = std::from_chars(descr.data() + 2, end, type.letters);
  if (problem != std::errc() || rest != end || type.letters == 0 || type.letters > (1u << 20)) return {};
  return type;
}

TextArray read_texts(Reader& in, const Shape& shape, const TextType& type) {
  const std::uint64_t bytes = type.letters * type.letter_bytes;
  if (in.remaining() % bytes != 0 || in.remaining() / bytes != static_cast<std::uint64_t>(shape.size()))
    throw Error{{.where = in.where(),
                 .expected = fmt::format("{} texts of {} bytes", shape.size(), bytes),
                 .received = fmt::format("{} bytes", in.remaining()),
                 .hint = "The file is cut short, has bytes after its end, or its header is damaged."}};
  TextArray array{.texts = std::vector<std::string>(static_cast<std::size_t>(shape.size())), .shape = shape};
  for (std::string& text : array.texts) {
    std::size_t length = 0;  // without the zeros at the end
    for (std::uint64_t i = 0; i < type.letters; ++i) {
      // Letters of a byte string that are not ASCII are read as Latin-1.
      const std::uint32_t code = type.letter_bytes == 4 ? in.little<std::uint32_t>() : in.little<std::uint8_t>();
      append_utf8(text, code);
      if (code != 0) length = text.size();
    }
    text.resize(length);
  }
  return array;
}

Tensor read_numbers(Reader& in, const NpyHeader& header, const Shape& shape) {
  const ElementType& type = element_type(header.descr, in.where());
  if (header.fortran_order)
    throw Error{{.kind = Error::unsupported,
                 .where = in.where(),
                 .expected = "an array in C order",
                 .received = fmt::format("{} in Fortran order", to_string(shape)),
                 .hint = "Save it with numpy.ascontiguousarray(array)."}};
  return read_elements(in, shape, type);
}

}  // namespace

Tensor decode_npy(Reader& in) {
  const NpyHeader header = parse_npy_header(read_header_text(in), in.where());
  return read_numbers(in, header, make_shape(header.shape, in.where()));
}

std::variant<Tensor, TextArray> decode_npy_or_texts(Reader& in) {
  const NpyHeader header = parse_npy_header(read_header_text(in), in.where());
  const Shape shape = make_shape(header.shape, in.where());
  const auto type = text_type(header.descr);
  if (type && !header.fortran_order) return read_texts(in, shape, *type);
  return read_numbers(in, header, shape);
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
  // Elements begin at a multiple of 64, as in numpy's files.
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
