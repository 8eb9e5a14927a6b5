#include <fmt/format.h>

#include <cstdlib>

#include "evenkeel/interchange/onnx/read_graph.h"

namespace evenkeel::interchange::onnx {
namespace {

double decimal_of(float number) { return std::strtod(fmt::format("{}", number).c_str(), nullptr); }

}  // namespace

std::optional<Attribute> attribute_of(formats::onnx::AttributeProto& attribute, const std::string& where,
                                      formats::OnnxDataFiles& files) {
  using Proto = formats::onnx::AttributeProto;
  // Files of the first versions do not say the type.
  const bool untyped = attribute.type() == Proto::UNDEFINED;
  if (attribute.type() == Proto::FLOAT || (untyped && attribute.has_f())) return decimal_of(attribute.f());
  if (attribute.type() == Proto::INT || (untyped && attribute.has_i())) return attribute.i();
  if (attribute.type() == Proto::STRING || (untyped && attribute.has_s())) return attribute.s();
  if (attribute.type() == Proto::TENSOR || (untyped && attribute.has_t()))
    return std::make_shared<const Tensor>(formats::take_onnx_tensor(*attribute.mutable_t(), where, &files));
  if (attribute.type() == Proto::FLOATS || (untyped && attribute.floats_size() > 0)) {
    std::vector<double> numbers;
    for (const float number : attribute.floats()) numbers.push_back(decimal_of(number));
    return numbers;
  }
  if (attribute.type() == Proto::INTS || (untyped && attribute.ints_size() > 0))
    return std::vector<std::int64_t>(attribute.ints().begin(), attribute.ints().end());
  if (attribute.type() == Proto::STRINGS || (untyped && attribute.strings_size() > 0))
    return std::vector<std::string>(attribute.strings().begin(), attribute.strings().end());
  return {};
}

}  // namespace evenkeel::interchange::onnx
