#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

// ONNX files written byte by byte, so that they may be wrong in any way. Each function gives the bytes of a message.

namespace evenkeel::interchange::bytes {

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) bytes += static_cast<char>((value & 127) | 128);
  return bytes + static_cast<char>(value);
}
inline std::string number(int field, std::int64_t value) {
  return varint(static_cast<std::uint64_t>(field) << 3) + varint(static_cast<std::uint64_t>(value));
}
/// A text, a message, or packed numbers.
inline std::string part(int field, std::string_view content) {
  return varint(static_cast<std::uint64_t>(field) << 3 | 2) + varint(content.size()) + std::string(content);
}
inline std::string real(int field, float value) {
  std::string bytes(4, '\0');
  std::memcpy(bytes.data(), &value, 4);
  return varint(static_cast<std::uint64_t>(field) << 3 | 5) + bytes;
}
template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

using Names = std::vector<std::string>;
using Dims = std::vector<std::int64_t>;
inline constexpr int kFloat = 1, kInt64 = 7;

/// TensorProto with raw_data.
inline std::string tensor(const std::string& name, const Dims& dims, std::string_view data, int type = kFloat) {
  std::string bytes;
  for (const std::int64_t dim : dims) bytes += number(1, dim);
  return bytes + number(2, type) + part(8, name) + part(9, data);
}
inline std::string zeros(const std::string& name, const Dims& dims) {
  std::size_t size = 4;
  for (const std::int64_t dim : dims) size *= static_cast<std::size_t>(dim);
  return tensor(name, dims, std::string(size, '\0'));
}
/// A tensor in another file.
inline std::string external(const std::string& name, const Dims& dims, const std::string& location,
                            const std::string& offset = "0", const std::string& length = "") {
  std::string bytes;
  for (const std::int64_t dim : dims) bytes += number(1, dim);
  const auto entry = [](const std::string& key, const std::string& value) {
    return part(13, part(1, key) + part(2, value));
  };
  bytes += number(2, kFloat) + part(8, name) + entry("location", location) + entry("offset", offset);
  if (!length.empty()) bytes += entry("length", length);
  return bytes + number(14, 1);
}

inline std::string ints(const std::string& name, const Dims& values) {
  std::string bytes = part(1, name);
  for (const std::int64_t value : values) bytes += number(8, value);
  return bytes + number(20, 7);
}
inline std::string integer(const std::string& name, std::int64_t value) {
  return part(1, name) + number(3, value) + number(20, 2);
}
inline std::string real_attribute(const std::string& name, float value) {
  return part(1, name) + real(2, value) + number(20, 1);
}

/// NodeProto; `attributes` are messages.
inline std::string node(const std::string& op, const Names& inputs, const Names& outputs, const Names& attributes = {},
                        const std::string& name = "", const std::string& domain = "") {
  std::string bytes;
  for (const std::string& input : inputs) bytes += part(1, input);
  for (const std::string& output : outputs) bytes += part(2, output);
  if (!name.empty()) bytes += part(3, name);
  bytes += part(4, op);
  for (const std::string& attribute : attributes) bytes += part(5, attribute);
  return domain.empty() ? bytes : bytes + part(7, domain);
}

/// ValueInfoProto of a float tensor; a size of 0 is a batch of any size.
inline std::string value(const std::string& name, const Dims& dims, int type = kFloat) {
  std::string shape;
  for (const std::int64_t dim : dims) shape += part(1, dim == 0 ? part(2, "N") : number(1, dim));
  return part(1, name) + part(2, part(1, number(1, type) + part(2, shape)));
}

/// A graph of these messages.
struct Graph {
  Names nodes, initializers = {}, inputs = {value("x", {0, 2, 4, 4})}, outputs = {value("y", {})};

  std::string message() const {
    std::string bytes = part(2, "graph");
    for (const std::string& one : nodes) bytes += part(1, one);
    for (const std::string& one : initializers) bytes += part(5, one);
    for (const std::string& one : inputs) bytes += part(11, one);
    for (const std::string& one : outputs) bytes += part(12, one);
    return bytes;
  }
};

/// ModelProto; `more` is appended.
inline std::string model(const Graph& graph, std::int64_t opset = 17, const std::string& more = "") {
  return number(1, 8) + part(2, "by hand") + part(7, graph.message()) + part(8, part(1, "") + number(2, opset)) + more;
}

}  // namespace evenkeel::interchange::bytes
