#include "evenkeel/diagnose/finding.h"

#include <fmt/format.h>

#include <cmath>

namespace evenkeel {

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::info: return "info";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return {};
}

std::string figure(double value, int digits) {
  const double size = std::abs(value);
  if (size >= 1 && size < 1e6) {  // 100, not 1e+02
    const int whole = 1 + static_cast<int>(std::floor(std::log10(size)));
    if (whole >= digits) return fmt::format("{:.0f}", value);
  }
  return fmt::format("{:.{}g}", value, digits);
}

std::string layers_text(const std::vector<std::string>& layers) {
  if (layers.empty()) return "the network";
  if (layers.size() == 1) return layers[0];
  if (layers.size() == 2) return layers[0] + " and " + layers[1];
  return layers[0] + " and " + std::to_string(layers.size() - 1) + " more";
}

}  // namespace evenkeel
