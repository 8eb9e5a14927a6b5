#include "evenkeel/diagnose/measure/weight_scan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "evenkeel/nn/tensor_role.h"

namespace evenkeel {
namespace {

constexpr double kTinyGamma = 1e-30, kHugeGamma = 1e3;

/// What is wrong with one number, if anything.
std::optional<WeightDefect::Kind> defect_of(TensorRole role, double value) {
  using enum WeightDefect::Kind;
  if (!std::isfinite(value)) return not_finite;
  if (role == TensorRole::moving_variance && value < 0) return negative_variance;
  if (role == TensorRole::moving_variance && value == 0) return zero_variance;
  if (role == TensorRole::scale && value != 0 && std::abs(value) < kTinyGamma) return tiny_gamma;
  if (role == TensorRole::scale && std::abs(value) > kHugeGamma) return huge_gamma;
  return {};
}

/// What stands in for a number that cannot be computed with.
std::optional<double> substitute_for(TensorRole role, double value) {
  const auto defect = defect_of(role, value);
  if (defect != WeightDefect::Kind::not_finite && defect != WeightDefect::Kind::negative_variance) return {};
  return role == TensorRole::moving_variance || role == TensorRole::scale ? 1.0 : 0.0;
}

}  // namespace

std::vector<WeightDefect> scan_weights(const Network& network) {
  std::vector<WeightDefect> defects;
  for (const WeightInfo& weight : network.weights()) {
    const Tensor values = converted(network.weight(weight.name), DType::float64);
    const TensorRole role = role_of(network.model(), weight.name);
    const std::int64_t channels = weight.shape.back();
    std::map<WeightDefect::Kind, WeightDefect> found;
    for (std::int64_t i = 0; i < values.shape().size(); ++i) {
      const double value = values.as<double>()[static_cast<std::size_t>(i)];
      const auto kind = defect_of(role, value);
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
    const TensorRole role = role_of(network.model(), weight.name);
    bool changed = false;
    for (double& value : values.as<double>())
      if (const auto substitute = substitute_for(role, value)) {
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
