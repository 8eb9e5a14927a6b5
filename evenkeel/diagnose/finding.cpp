#include "evenkeel/diagnose/finding.h"

#include <fmt/format.h>

#include <cmath>

#include "evenkeel/base/number.h"

namespace evenkeel {

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::info: return "info";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return {};
}

std::string_view name_of(Confidence confidence) {
  switch (confidence) {
    case Confidence::possible: return "possible";
    case Confidence::likely: return "likely";
    case Confidence::sure: return "sure";
  }
  return {};
}

std::string certainty_text(const Certainty& certainty) {
  return std::string(name_of(certainty.level)) + (certainty.why.empty() ? "" : ": " + certainty.why);
}

std::string figure(double value, int digits) {
  const double size = std::abs(value);
  if (size >= 1 && size < 1e6) {  // 100, not 1e+02
    const int whole = 1 + static_cast<int>(std::floor(std::log10(size)));
    if (whole >= digits) return fmt::format("{:.0f}", value);
  }
  return fmt::format("{:.{}g}", Number{value}, digits);
}

std::string estimate_text(const Estimate& estimate, std::string_view plus_minus) {
  if (std::isnan(estimate.value)) return "no result (NaN)";
  return fmt::format("{} {} {}", figure(estimate.value, 4), plus_minus, figure(estimate.error, 1));
}

std::string difference_text(const Estimate& difference, std::string_view plus_minus) {
  return fmt::format("{:+.4g} {} {:.1g}", Number{difference.value}, plus_minus, Number{difference.error});
}

std::string cost_text(const Cost& cost, std::string_view plus_minus) {
  std::string text = "loss " + difference_text(cost.loss, plus_minus);
  if (cost.accuracy) text += ", accuracy " + difference_text(*cost.accuracy, plus_minus);
  return text;
}

std::string outlook_text(const RepairOutlook& o) {
  std::string text = "loss " + figure(o.loss.value) + " -> " + figure(o.loss_after.value);
  if (o.accuracy && o.accuracy_after)
    text += ", accuracy " + figure(o.accuracy->value) + " -> " + figure(o.accuracy_after->value);
  return text + ' ' + o.how;
}

std::string layers_text(const std::vector<std::string>& layers) {
  if (layers.empty()) return "the network";
  if (layers.size() == 1) return layers[0];
  if (layers.size() == 2) return layers[0] + " and " + layers[1];
  return layers[0] + " and " + std::to_string(layers.size() - 1) + " more";
}

}  // namespace evenkeel
