#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string_view>

namespace evenkeel {

/// A number that may have no value, for text: fmt::format("{:.4f}", Number{loss}) is as of the double, but what is not
/// finite is "NaN", "inf" or "-inf" everywhere. A NaN has no sign.
struct Number {
  double value;
};

}  // namespace evenkeel

template <>
struct fmt::formatter<evenkeel::Number> : fmt::formatter<double> {
  auto format(evenkeel::Number number, fmt::format_context& context) const {
    if (std::isfinite(number.value)) return fmt::formatter<double>::format(number.value, context);
    const std::string_view text = std::isnan(number.value) ? "NaN" : number.value > 0 ? "inf" : "-inf";
    return std::copy(text.begin(), text.end(), context.out());
  }
};
