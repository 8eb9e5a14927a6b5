#include "evenkeel/formats/onnx/structure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "evenkeel/base/error.h"

namespace evenkeel::formats {
namespace {

/// A protobuf message is a list of fields: a number with a wire type, then a value.
enum class Wire { varint = 0, eight = 1, bytes = 2, begin_group = 3, end_group = 4, four = 5 };

/// Levels of messages inside each other: a node's attribute with a tensor in a function has 6, and each graph inside an
/// attribute adds 3.
constexpr int kDeepest = 40;
/// A part is a message or a text: a network of 100,000 layers has about as many. Each takes some memory of its own.
constexpr std::int64_t kMostParts = 4'000'000;

/// Which messages there are inside which: the field of a message, and the message in it. Everything else is data.
struct Inside {
  int number;
  std::string_view name;
  const Inside* fields;  ///< nullptr: a text, or numbers
};

extern const Inside kNode[], kGraph[], kTensor[], kAttribute[];
constexpr Inside kEnd{0, {}, nullptr};
constexpr Inside kEntry[] = {{1, "key", nullptr}, {2, "value", nullptr}, kEnd};
constexpr Inside kDimension[] = {{2, "dim_param", nullptr}, kEnd};
constexpr Inside kShape[] = {{1, "dim", kDimension}, kEnd};
constexpr Inside kTensorType[] = {{2, "shape", kShape}, kEnd};
constexpr Inside kType[] = {{1, "tensor_type", kTensorType}, kEnd};
constexpr Inside kValue[] = {{1, "name", nullptr}, {2, "type", kType}, kEnd};
constexpr Inside kOpset[] = {{1, "domain", nullptr}, kEnd};
const Inside kTensor[] = {{6, "string_data", nullptr}, {13, "external_data", kEntry}, kEnd};
const Inside kAttribute[] = {{5, "t", kTensor}, {6, "g", kGraph}, {9, "strings", nullptr}, kEnd};
const Inside kNode[] = {
    {1, "input", nullptr}, {2, "output", nullptr}, {5, "attribute", kAttribute}, {9, "metadata_props", kEntry}, kEnd};
const Inside kGraph[] = {{1, "node", kNode},     {5, "initializer", kTensor}, {11, "input", kValue},
                         {12, "output", kValue}, {13, "value_info", kValue},  kEnd};
constexpr Inside kFunction[] = {{4, "input", nullptr},
                                {5, "output", nullptr},
                                {6, "attribute", nullptr},
                                {7, "node", kNode},
                                {9, "opset_import", kOpset},
                                {11, "attribute_proto", kAttribute},
                                kEnd};
constexpr Inside kModel[] = {{7, "graph", kGraph},
                             {8, "opset_import", kOpset},
                             {14, "metadata_props", kEntry},
                             {25, "functions", kFunction},
                             kEnd};

/// Reads small values at growing places, and passes over large ones without reading them.
class Walker {
 public:
  explicit Walker(const Source& source) : source_(source) {}

  void message(const Inside* fields, std::uint64_t end, const std::string& place, int depth) {
    if (depth > kDeepest) fail(fmt::format("messages at most {} levels deep", kDeepest), "deeper ones", place);
    while (at_ < end) {
      const std::uint64_t tag = varint(end, place);
      const std::uint64_t number = tag >> 3;
      if (number == 0 || number >= (std::uint64_t{1} << 29)) no_message(place);
      value(static_cast<Wire>(tag & 7), number, fields, end, place, depth);
    }
  }

 private:
  void value(Wire wire, std::uint64_t number, const Inside* fields, std::uint64_t end, const std::string& place,
             int depth) {
    switch (wire) {
      case Wire::varint: varint(end, place); return;
      case Wire::eight: pass(8, end, place); return;
      case Wire::four: pass(4, end, place); return;
      case Wire::bytes: break;
      default: no_message(place);
    }
    const std::uint64_t length = varint(end, place);
    const Inside* inside = fields;
    while (inside->number != 0 && inside->number != static_cast<int>(number)) ++inside;
    if (inside->number != 0 && ++parts_ > kMostParts) fail(fmt::format("at most {} parts", kMostParts), "more", place);
    if (inside->fields == nullptr) return pass(length, end, place);
    require(length, end, place);
    message(inside->fields, at_ + length, fmt::format("{}{}{}", place, place.empty() ? "" : ".", inside->name),
            depth + 1);
  }

  std::uint64_t varint(std::uint64_t end, const std::string& place) {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      require(1, end, place);
      const auto byte = std::to_integer<std::uint64_t>(next());
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    no_message(place);
  }

  void pass(std::uint64_t bytes, std::uint64_t end, const std::string& place) {
    require(bytes, end, place);
    at_ += bytes;
  }

  void require(std::uint64_t bytes, std::uint64_t end, const std::string& place) const {
    if (bytes > end - at_)
      throw Error{{.where = where(place),
                   .expected = fmt::format("{} bytes from offset {}", bytes, at_),
                   .received = fmt::format("{}", end - at_),
                   .hint = "The file is cut short or damaged."}};
  }

  std::byte next() {
    if (at_ < begin_ || at_ >= begin_ + held_) {
      begin_ = at_;
      held_ = std::min<std::uint64_t>(buffer_.size(), source_.size() - at_);
      source_.read(begin_, std::span(buffer_).first(held_));
    }
    return buffer_[at_++ - begin_];
  }

  std::string where(const std::string& place) const {
    return place.empty() ? source_.name() : fmt::format("{}: {}", source_.name(), place);
  }
  [[noreturn]] void fail(std::string expected, std::string received, const std::string& place) const {
    throw Error{{.where = where(place), .expected = std::move(expected), .received = std::move(received)}};
  }
  [[noreturn]] void no_message(const std::string& place) const {
    throw Error{{.where = where(place),
                 .expected = "an ONNX model",
                 .received = fmt::format("bytes before offset {} that are no field of one", at_),
                 .hint = "The file is damaged or of another format."}};
  }

  const Source& source_;
  std::uint64_t at_ = 0, begin_ = 0, held_ = 0;
  std::array<std::byte, 4096> buffer_{};
  std::int64_t parts_ = 0;
};

}  // namespace

void check_onnx_structure(const Source& source) {
  if (source.size() == 0)
    throw Error{{.where = source.name(), .expected = "an ONNX model", .received = "an empty file"}};
  Walker(source).message(kModel, source.size(), "", 0);
}

}  // namespace evenkeel::formats
