#include "evenkeel/nn/regularizer.h"

#include <fmt/format.h>

namespace evenkeel {

bool convert(const FieldValue& from, L2& to) {
  const std::string* text = std::get_if<std::string>(&from);
  const auto named = text ? parse_named_number(*text) : std::nullopt;
  if (!named || named->name != "l2") return false;
  to.l2 = named->number.value_or(L2{}.l2);
  return kNotNegative.holds(to.l2);
}

FieldValue field_value(const L2& value) { return fmt::format("l2({})", value.l2); }

std::string kind_of(const L2&) { return "a regularizer (l2, or e.g. \"l2(0.0001)\")"; }

}  // namespace evenkeel
