#include <cmath>

#include "evenkeel/diagnose/causes/rules.h"

namespace evenkeel {
namespace {

constexpr double kKerasEpsilon = 1e-3, kPytorchEpsilon = 1e-5;
constexpr double kNoticed = 0.05;  ///< relative change of a channel's scale by another epsilon
/// Int8 has 127 steps: a channel whose largest weight is 1/20 of another's has six of them where both share a range.
constexpr double kFarAbove = 20;

/// The epsilon that an exporter may use instead: that of the other framework.
double other_epsilon(double epsilon) {
  return epsilon > std::sqrt(kKerasEpsilon * kPytorchEpsilon) ? kPytorchEpsilon : kKerasEpsilon;
}

std::vector<double> gamma_of(Evidence& evidence, const Normalization& n, std::size_t channels) {
  if (n.gamma.empty()) return std::vector<double>(channels, 1.0);
  const Tensor gamma = converted(evidence.network().weight(n.gamma), DType::float64);
  return {gamma.as<double>().begin(), gamma.as<double>().end()};
}

/// What may go wrong when a normalization is folded into the layer before, or computed elsewhere, as a scale and a
/// shift.
class FoldingHazard final : public Rule {
 public:
  std::string_view checks() const override { return "what folding, exporting and quantizing may change"; }
  std::vector<Need> needs() const override { return {Need::normalization, Need::samples}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    judge_epsilon(evidence, findings);
    judge_scales(evidence, findings);
  }

 private:
  static void judge_epsilon(Evidence& evidence, std::vector<Finding>& findings) {
    Finding f{.code = "folding-hazard", .severity = Severity::info, .cause = {}};
    std::vector<LayerStatistics> changed = moving_statistics(evidence.network());
    double channels = 0, largest = 0;
    for (std::size_t i = 0; i < changed.size(); ++i) {
      const double epsilon = evidence.normalizations()[i].epsilon, other = other_epsilon(epsilon);
      double here = 0;
      for (double& v : changed[i].variance) {
        if (!has_deviation(v, other)) continue;  // a variance of zero or below: bad-variance
        // A variance that is larger by so much has the same effect as another epsilon.
        const double change = std::abs(std::sqrt(v / (v + other)) - std::sqrt(v / (v + epsilon)));
        here += change >= kNoticed ? 1 : 0;
        largest = std::max(largest, change);
        v += other - epsilon;
      }
      if (here > 0) f.layers.push_back(changed[i].layer);
      channels += here;
    }
    if (f.layers.empty()) return;
    f.cause = figure(channels, 6) + (channels == 1 ? " channel of " : " channels of ") + layers_text(f.layers) +
              " vary so little that epsilon matters: an exporter that takes " +
              figure(other_epsilon(evidence.normalizations()[0].epsilon)) + " for it gets other outputs";
    f.evidence = {{"channels whose variance is near epsilon", channels, "", "0"},
                  {"largest change of a channel's scale", 100 * largest, "%", "below 5 %"}};
    f.certainty =
        Certainty::sure("computed from the moving variances; the cost is measured with the other epsilon everywhere");
    f.cost = cost_between(evidence.evaluation(), evidence.on_statistics("other epsilon", changed));
    const std::string trained = figure(evidence.normalizations()[0].epsilon);
    f.remedy = {.advice = "Export with this epsilon, " + trained + '.',
                .keras = "BatchNormalization(epsilon=" + trained + ")  # as the weights were trained",
                .pytorch = "nn.BatchNorm2d(c, eps=" + trained + ")  # as the weights were trained"};
    findings.push_back(std::move(f));
  }

  static void judge_scales(Evidence& evidence, std::vector<Finding>& findings) {
    Finding f{.code = "folding-hazard", .severity = Severity::info, .cause = {}};
    const std::vector<LayerStatistics> moving = moving_statistics(evidence.network());
    for (std::size_t i = 0; i < moving.size(); ++i) {
      std::vector<double> scales = gamma_of(evidence, evidence.normalizations()[i], moving[i].mean.size());
      for (std::size_t c = 0; c < scales.size(); ++c)
        scales[c] = std::abs(scales[c]) / std::sqrt(moving[i].variance[c] + evidence.normalizations()[i].epsilon);
      std::ranges::sort(scales);
      const double median = scales[scales.size() / 2];
      if (median <= 0 || !(scales.back() > kFarAbove * median)) continue;
      f.layers.push_back(moving[i].layer);
      f.evidence.push_back(
          {moving[i].layer + ": largest folded scale over their median", scales.back() / median, "", "below 20"});
    }
    if (f.layers.empty()) return;
    f.cause = "some channels of " + layers_text(f.layers) +
              " have a folded scale far above the others: quantized with one range for all, the others lose precision";
    f.certainty = Certainty::sure("computed from gamma and the moving variances");
    f.remedy.advice = "Quantize with a range per channel.";
    findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> folding_hazard() { return std::make_unique<FoldingHazard>(); }

}  // namespace evenkeel
