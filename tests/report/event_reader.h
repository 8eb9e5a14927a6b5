#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "evenkeel/formats/crc32c.h"

// Reads event files by the published layout alone, without protobuf and without the library's record reader.

namespace evenkeel {

/// One message of protobuf's wire format: its fields by number, in their order.
class Message {
 public:
  explicit Message(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::uint64_t key = varint(bytes);
      std::string field;
      switch (key & 7) {
        case 0: field = raw(varint(bytes)); break;
        case 1: field = take(bytes, 8); break;
        case 2: field = take(bytes, varint(bytes)); break;
        case 5: field = take(bytes, 4); break;
        default: throw std::runtime_error("wire type " + std::to_string(key & 7));
      }
      fields_[key >> 3].push_back(field);
    }
  }

  bool has(std::uint64_t number) const { return fields_.contains(number); }
  std::vector<std::string> all(std::uint64_t number) const {
    const auto found = fields_.find(number);
    return found == fields_.end() ? std::vector<std::string>() : found->second;
  }
  std::string bytes(std::uint64_t number) const { return has(number) ? all(number).back() : std::string(); }
  Message message(std::uint64_t number) const { return Message(bytes(number)); }
  std::int64_t integer(std::uint64_t number) const { return as<std::int64_t>(bytes(number)); }
  double real(std::uint64_t number) const { return as<double>(bytes(number)); }
  float real32(std::uint64_t number) const { return as<float>(bytes(number)); }
  std::vector<double> reals(std::uint64_t number) const {  // packed
    std::vector<double> values(bytes(number).size() / sizeof(double));
    std::memcpy(values.data(), bytes(number).data(), values.size() * sizeof(double));
    return values;
  }

 private:
  template <class T>
  static T as(const std::string& bytes) {
    T value{};  // proto3 leaves out zeros
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  static std::string raw(std::uint64_t value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }
  static std::string take(std::string_view& bytes, std::uint64_t size) {
    if (size > bytes.size()) throw std::runtime_error("a field reaches beyond its message");
    const std::string field(bytes.substr(0, size));
    bytes.remove_prefix(size);
    return field;
  }
  static std::uint64_t varint(std::string_view& bytes) {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(bytes, 1)[0]);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    throw std::runtime_error("a varint without an end");
  }

  std::map<std::uint64_t, std::vector<std::string>> fields_;
};

/// A value of a summary, with the step it was written under.
struct SeenValue {
  std::int64_t step = 0;
  std::string tag;
  Message value;

  double scalar() const { return double{value.real32(2)}; }
  Message image() const { return value.message(4); }
  Message histogram() const { return value.message(5); }
  std::string text() const { return value.message(8).bytes(8); }
  std::string plugin() const { return value.message(9).message(1).bytes(1); }
};

/// The messages of an event file. Fails the test where a checksum differs or the file is cut short.
inline std::vector<Message> read_event_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(stream), {}};
  const auto sum_at = [&](std::size_t at) {
    std::uint32_t sum = 0;
    std::memcpy(&sum, file.data() + at, sizeof sum);
    return sum;
  };
  const auto sum_of = [&](std::size_t at, std::size_t size) {
    const std::uint32_t crc = formats::crc32c_by_table(formats::view_of(file).subspan(at, size));
    return std::rotr(crc, 15) + 0xa282ead8u;
  };
  std::vector<Message> messages;
  for (std::size_t at = 0; at < file.size();) {
    std::uint64_t size = 0;
    if (file.size() - at >= 12) std::memcpy(&size, file.data() + at, sizeof size);
    if (file.size() - at < 16 || size > file.size() - at - 16) {
      ADD_FAILURE() << path << " is cut short behind " << at;
      break;
    }
    EXPECT_EQ(sum_at(at + 8), sum_of(at, 8)) << path << " at " << at;
    EXPECT_EQ(sum_at(at + 12 + size), sum_of(at + 12, size)) << path << " at " << at;
    messages.emplace_back(std::string_view(file).substr(at + 12, size));
    at += size + 16;
  }
  return messages;
}

/// The event files of a folder, in the order of their names, as TensorBoard reads them.
inline std::vector<std::filesystem::path> event_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().filename().string().starts_with("events.out.tfevents.")) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

/// All values in them, in order.
inline std::vector<SeenValue> read_values(const std::filesystem::path& folder) {
  std::vector<SeenValue> values;
  for (const auto& file : event_files(folder))
    for (const Message& event : read_event_file(file))
      for (const std::string& value : event.message(5).all(1))
        values.push_back({event.integer(2), Message(value).bytes(1), Message(value)});
  return values;
}

/// Those of one tag.
inline std::vector<SeenValue> values_of(const std::vector<SeenValue>& all, const std::string& tag) {
  std::vector<SeenValue> values;
  for (const SeenValue& value : all)
    if (value.tag == tag) values.push_back(value);
  return values;
}

}  // namespace evenkeel
