#include "evenkeel/formats/onnx/wire.h"

#include "evenkeel/base/error.h"

namespace evenkeel::formats::wire {
namespace {

constexpr int kVarint = 0, kEight = 1, kLength = 2, kFour = 5;

}  // namespace

void append_varint(std::string& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<char>((value & 0x7f) | 0x80));
  to.push_back(static_cast<char>(value));
}

void append_prefix(std::string& to, int field, std::uint64_t bytes) {
  append_varint(to, static_cast<std::uint64_t>(field) << 3 | kLength);
  append_varint(to, bytes);
}

void Fields::damaged(const char* what) const {
  throw Error{
      {.where = where_, .expected = "an ONNX model", .received = what, .hint = "The file is cut short or damaged."}};
}

std::uint64_t Fields::varint() {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 10 && i < rest_.size(); ++i) {
    const auto byte = std::to_integer<std::uint64_t>(rest_[i]);
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      rest_ = rest_.subspan(i + 1);
      return value;
    }
  }
  damaged("a number that does not end");
}

std::optional<Field> Fields::next() {
  if (rest_.empty()) return {};
  const BytesView begin = rest_;
  const std::uint64_t tag = varint();
  Field field{.number = static_cast<int>(tag >> 3), .type = static_cast<int>(tag & 7), .whole = {}, .content = {}};
  std::uint64_t length = 0;
  switch (field.type) {
    case kVarint: field.value = varint(); break;
    case kEight: length = 8; break;
    case kLength: length = varint(); break;
    case kFour: length = 4; break;
    default: damaged("a field of a kind that does not exist");
  }
  if (length > rest_.size()) damaged("a field that reaches past the end of its message");
  field.content = rest_.first(length);
  rest_ = rest_.subspan(length);
  field.whole = begin.first(begin.size() - rest_.size());
  return field;
}

}  // namespace evenkeel::formats::wire
