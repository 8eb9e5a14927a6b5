#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "evenkeel/formats/bytes.h"

/// The bytes of protobuf messages as they are, for whoever changes a few of them and keeps all others.
namespace evenkeel::formats::wire {

void append_varint(std::string& to, std::uint64_t value);
/// The tag and the length of a field of `bytes` bytes (a message, a text, packed numbers).
void append_prefix(std::string& to, int field, std::uint64_t bytes);

/// A field of a message.
struct Field {
  int number = 0;
  int type = 0;             ///< 0 varint, 1 eight bytes, 2 with a length, 5 four bytes
  std::uint64_t value = 0;  ///< of a varint
  BytesView whole;          ///< with its tag
  BytesView content;        ///< without tag and length
};

/// Walks through the fields of a message in their order.
class Fields {
 public:
  /// `where` names the file in errors.
  Fields(BytesView message, std::string where) : rest_(message), where_(std::move(where)) {}
  /// Nothing at the end. Throws Error where the bytes are no message.
  std::optional<Field> next();

 private:
  std::uint64_t varint();
  [[noreturn]] void damaged(const char* what) const;

  BytesView rest_;
  std::string where_;
};

}  // namespace evenkeel::formats::wire
