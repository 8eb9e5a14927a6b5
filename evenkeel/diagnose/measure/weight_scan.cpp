#include "evenkeel/diagnose/measure/weight_scan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "evenkeel/nn/tensor_role.h"

namespace evenkeel {
namespace {

constexpr double kTinyGamma = 1e-30, kHugeGamma = 1e3;

/// How the numbers of a tensor are judged.
struct Judged {
  TensorRole role = TensorRole::other;
  double epsilon = 0;  ///< of a moving variance
};

std::string layer_of(const WeightInfo& weight) { return weight.name.substr(0, weight.name.rfind('/')); }

Judged judged_as(const Model& model, const WeightInfo& weight) {
  Judged result{.role = role_of(model, weight.name)};
  if (result.role == TensorRole::moving_variance)
    result.epsilon = model.nodes()[static_cast<std::size_t>(weight.layer)].layer.traits().normalization.value().epsilon;
  return result;
}

/// What is wrong with a moving variance, if anything.
std::optional<WeightDefect::Kind> variance_defect(double value, double epsilon) {
  using enum WeightDefect::Kind;
  if (!has_deviation(value, epsilon)) return impossible_variance;
  if (value < 0) return negative_variance;
  if (value == 0) return zero_variance;
  return {};
}

/// What is wrong with one number, if anything.
std::optional<WeightDefect::Kind> defect_of(const Judged& as, double value) {
  using enum WeightDefect::Kind;
  if (!std::isfinite(value)) return not_finite;
  if (as.role == TensorRole::moving_variance) return variance_defect(value, as.epsilon);
  if (as.role == TensorRole::scale && value != 0 && std::abs(value) < kTinyGamma) return tiny_gamma;
  if (as.role == TensorRole::scale && std::abs(value) > kHugeGamma) return huge_gamma;
  return {};
}

/// The substitute of a number that cannot be computed with.
std::optional<double> substitute_for(const Judged& as, double value) {
  const auto defect = defect_of(as, value);
  if (!defect || !is_fatal(*defect)) return {};
  return as.role == TensorRole::moving_variance || as.role == TensorRole::scale ? 1.0 : 0.0;
}

/// What is wrong with a tensor, by kind.
std::map<WeightDefect::Kind, WeightDefect> defects_of(const Model& model, const WeightInfo& weight, TensorView view,
                                                      const std::string& shown) {
  const Tensor values = converted(view, DType::float64);
  const Judged as = judged_as(model, weight);
  const std::int64_t channels = weight.shape.back();
  std::map<WeightDefect::Kind, WeightDefect> found;
  for (std::int64_t i = 0; i < values.shape().size(); ++i) {
    const double value = values.as<double>()[static_cast<std::size_t>(i)];
    const auto kind = defect_of(as, value);
    if (!kind) continue;
    const WeightDefect first{.kind = *kind,
                             .tensor = weight.name,
                             .layer = layer_of(weight),
                             .shown = shown,
                             .channels = {},
                             .worst = value};
    WeightDefect& defect = found.try_emplace(*kind, first).first->second;
    if (std::abs(value) > std::abs(defect.worst)) defect.worst = value;
    const std::int64_t channel = i % channels;
    if (const auto at = std::ranges::lower_bound(defect.channels, channel);
        at == defect.channels.end() || *at != channel)
      defect.channels.insert(at, channel);
  }
  return found;
}

}  // namespace

std::vector<WeightDefect> scan_weights(const Network& network) {
  std::vector<WeightDefect> defects;
  for (const WeightInfo& weight : network.weights())
    for (auto& [kind, defect] : defects_of(network.model(), weight, network.weight(weight.name), weight.name))
      defects.push_back(std::move(defect));
  return defects;
}

std::vector<WeightDefect> scan_weights(const MeasuredNetwork& network) {
  std::vector<WeightDefect> defects;
  for (const WeightInfo& weight : network.weights())
    for (auto& [kind, defect] :
         defects_of(network.model(), weight, network.weight(weight.name), network.shown_name(weight.name)))
      defects.push_back(std::move(defect));
  return defects;
}

std::string phrase_of(const WeightDefect& defect) {
  const bool variance = defect.kind == WeightDefect::Kind::impossible_variance;
  return '"' + defect.shown + '"' + (variance ? " with epsilon is not above 0 in " : " is not finite in ") +
         (defect.channels.size() == 1 ? "channel " + std::to_string(defect.channels.front())
                                      : std::to_string(defect.channels.size()) + " channels");
}

std::vector<std::string> fatal_defects(const Network& network) {
  std::vector<std::string> phrases;
  for (const WeightDefect& defect : scan_weights(network))
    if (is_fatal(defect.kind)) phrases.push_back(phrase_of(defect));
  return phrases;
}

SubstitutedWeights::SubstitutedWeights(MeasuredNetwork& network) : network_(network) {
  for (const WeightInfo& weight : network.weights()) {
    Tensor values = converted(network.weight(weight.name), DType::float64);
    const Judged as = judged_as(network.model(), weight);
    std::vector<std::size_t> replaced;
    for (std::size_t i = 0; i < values.as<double>().size(); ++i)
      if (const auto substitute = substitute_for(as, values.as<double>()[i])) {
        values.as<double>()[i] = *substitute;
        replaced.push_back(i);
      }
    if (replaced.empty()) continue;
    tensors_.push_back({weight.name, Tensor::copy_of(network.weight(weight.name)), std::move(replaced)});
    network.set_weight(weight.name, values);
  }
}

SubstitutedWeights::~SubstitutedWeights() {
  undo([&] { exchange(); });
}

void SubstitutedWeights::exchange() {
  for (Replaced& tensor : tensors_) {
    Tensor now = Tensor::copy_of(network_.weight(tensor.name));
    network_.set_weight(tensor.name, tensor.other);
    tensor.other = std::move(now);
  }
}

TensorView SubstitutedWeights::original(const std::string& name) const {
  const auto found = std::ranges::find(tensors_, name, &Replaced::name);
  return found == tensors_.end() ? network_.weight(name) : TensorView(found->other);
}

std::int64_t SubstitutedWeights::count() const {
  std::int64_t all = 0;
  for (const Replaced& tensor : tensors_) all += std::ssize(tensor.elements);
  return all;
}

std::int64_t SubstitutedWeights::count_of_parameters() const {
  std::int64_t all = 0;
  for (const Replaced& tensor : tensors_)
    if (!is_statistic(network_.model(), tensor.name)) all += std::ssize(tensor.elements);
  return all;
}

bool SubstitutedWeights::any_statistic() const {
  return std::ranges::any_of(tensors_,
                             [&](const Replaced& tensor) { return is_statistic(network_.model(), tensor.name); });
}

void SubstitutedWeights::replace_statistics(const std::vector<LayerStatistics>& by) {
  for (const Normalization& n : normalizations(network_.model()))
    for (const Replaced& tensor : tensors_) {
      if (tensor.name != n.mean && tensor.name != n.variance) continue;
      const auto of = std::ranges::find(by, n.name, &LayerStatistics::layer);
      Tensor values = converted(network_.weight(tensor.name), DType::float64);
      for (const std::size_t i : tensor.elements)
        values.as<double>()[i] = tensor.name == n.mean ? of->mean[i] : of->variance[i];
      network_.set_weight(tensor.name, values);
    }
}

}  // namespace evenkeel
