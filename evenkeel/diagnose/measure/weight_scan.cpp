#include "evenkeel/diagnose/measure/weight_scan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace evenkeel {
namespace {

constexpr double kTinyGamma = 1e-30, kHugeGamma = 1e3;

bool is_variance(const std::string& tensor) { return tensor.ends_with("/moving_variance"); }
bool is_gamma(const std::string& tensor) { return tensor.ends_with("/gamma"); }

/// What is wrong with one number, if anything.
std::optional<WeightDefect::Kind> defect_of(const std::string& tensor, double value) {
  using enum WeightDefect::Kind;
  if (!std::isfinite(value)) return not_finite;
  if (is_variance(tensor) && value < 0) return negative_variance;
  if (is_variance(tensor) && value == 0) return zero_variance;
  if (is_gamma(tensor) && value != 0 && std::abs(value) < kTinyGamma) return tiny_gamma;
  if (is_gamma(tensor) && std::abs(value) > kHugeGamma) return huge_gamma;
  return {};
}

/// What stands in for a number that cannot be computed with.
std::optional<double> substitute_for(const std::string& tensor, double value) {
  const auto defect = defect_of(tensor, value);
  if (defect != WeightDefect::Kind::not_finite && defect != WeightDefect::Kind::negative_variance) return {};
  return is_variance(tensor) || is_gamma(tensor) ? 1.0 : 0.0;
}

}  // namespace

std::vector<WeightDefect> scan_weights(const Network& network) {
  std::vector<WeightDefect> defects;
  for (const WeightInfo& weight : network.weights()) {
    const Tensor values = converted(network.weight(weight.name), DType::float64);
    const std::int64_t channels = weight.shape.back();
    std::map<WeightDefect::Kind, WeightDefect> found;
    for (std::int64_t i = 0; i < values.shape().size(); ++i) {
      const double value = values.as<double>()[static_cast<std::size_t>(i)];
      const auto kind = defect_of(weight.name, value);
      if (!kind) continue;
      WeightDefect& defect =
          found
              .try_emplace(*kind, WeightDefect{.kind = *kind,
                                               .tensor = weight.name,
                                               .layer = weight.name.substr(0, weight.name.rfind('/')),
                                               .channels = {},
                                               .worst = value})
              .first->second;
      if (std::abs(value) > std::abs(defect.worst)) defect.worst = value;
      const std::int64_t channel = i % channels;
      if (const auto at = std::ranges::lower_bound(defect.channels, channel);
          at == defect.channels.end() || *at != channel)
        defect.channels.insert(at, channel);
    }
    for (auto& [kind, defect] : found) defects.push_back(std::move(defect));
  }
  return defects;
}

SubstitutedWeights::SubstitutedWeights(Network& network) : network_(network) {
  for (const WeightInfo& weight : network.weights()) {
    Tensor values = converted(network.weight(weight.name), DType::float64);
    bool changed = false;
    for (double& value : values.as<double>())
      if (const auto substitute = substitute_for(weight.name, value)) {
        value = *substitute;
        changed = true;
      }
    if (!changed) continue;
    originals_.emplace_back(weight.name, Tensor::copy_of(network.weight(weight.name)));
    network.set_weight(weight.name, converted(values, network.options().compute.real));
  }
}

SubstitutedWeights::~SubstitutedWeights() {
  for (const auto& [name, values] : originals_) network_.set_weight(name, values);
}

}  // namespace evenkeel
