#include "evenkeel/diagnose/finding.h"

#include <fmt/format.h>

namespace evenkeel {

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::info: return "info";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return {};
}

std::string figure(double value, int digits) { return fmt::format("{:.{}g}", value, digits); }

std::string layers_text(const std::vector<std::string>& layers) {
  if (layers.empty()) return "the network";
  if (layers.size() == 1) return layers[0];
  if (layers.size() == 2) return layers[0] + " and " + layers[1];
  return layers[0] + " and " + std::to_string(layers.size() - 1) + " more";
}

}  // namespace evenkeel
