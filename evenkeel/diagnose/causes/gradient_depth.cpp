#include <cmath>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/nn/tensor_role.h"

namespace evenkeel {
namespace {

constexpr double kNearChance = 0.9;  ///< of the loss of guessing: above it, a network has learnt almost nothing
constexpr double kDepths = 1e3;      ///< factor between the first layers and the last ones
/// As a part of the kernel's norm: a gradient below this hardly changes the kernel at usual learning rates. Networks
/// that learn have 1e-3 and more.
constexpr double kNoGradient = 1e-6;

/// As a part of a layer's magnitude: below this all samples look alike. New networks of usual depth have a third; the
/// 19 convolutions of the depth study, which do not learn, have 0.014.
constexpr double kEvenVariation = 0.05;

/// A kernel, in the order of the description.
struct Depth {
  std::string layer;
  double kernel = 0;     ///< norm
  double gradient = 0;   ///< norm, as a part of the kernel's
  double signal = 0;     ///< deviation of the layer's output, over all channels
  double variation = 0;  ///< the same as a part of its magnitude
};

double norm_of(TensorView tensor) {
  const Tensor values = converted(tensor, DType::float64);
  double squares = 0;
  for (const double v : values.as<double>()) squares += v * v;
  return std::sqrt(squares);
}

std::vector<Depth> depths_of(Evidence& evidence) {
  std::vector<Depth> depths;
  for (const GradientNorm& g : evidence.gradients()) {
    if (role_of(evidence.model(), g.tensor) != TensorRole::kernel) continue;
    const ChannelSignal* signal = signal_of(evidence.model(), evidence.channels(), evidence.model().find(g.layer));
    double variance = 0;
    for (const double v : signal->variance) variance += v / static_cast<double>(signal->channels());
    const double norm = norm_of(evidence.network().weight(g.tensor));
    depths.push_back({g.layer, norm, norm > 0 ? g.norm / norm : 0, std::sqrt(variance),
                      signal->magnitude() > 0 ? std::sqrt(variance) / signal->magnitude() : 0});
  }
  return depths;
}

std::size_t third_of(const std::vector<Depth>& depths) { return std::max<std::size_t>(depths.size() / 3, 1); }

/// The mean variation of the last third.
double last_variation(const std::vector<Depth>& depths) {
  const std::size_t third = third_of(depths);
  double sum = 0;
  for (std::size_t i = depths.size() - third; i < depths.size(); ++i) sum += depths[i].variation;
  return sum / static_cast<double>(third);
}

/// The mean size of the first third divided by that of the last; 0 or infinite if one of them is 0.
double first_over_last(const std::vector<Depth>& depths, double Depth::*member) {
  const std::size_t third = third_of(depths);
  double first = 0, last = 0;
  for (std::size_t i = 0; i < third; ++i) {
    first += depths[i].*member;
    last += depths[depths.size() - 1 - i].*member;
  }
  return first / last;
}

/// Whether another cause cuts the network: a layer that is completely dead or saturated, or a kernel of zeros.
bool is_cut(const std::vector<Finding>& findings, const std::vector<Depth>& depths) {
  return std::ranges::any_of(findings,
                             [](const Finding& f) {
                               return (f.code == "dead-channels" && f.severity == Severity::error) ||
                                      (f.code == "saturation" && f.severity != Severity::info);
                             }) ||
         std::ranges::any_of(depths, [](const Depth& d) { return d.kernel == 0; });
}

/// Only while the training loss is near chance: many networks that learn well have uneven gradients.
class GradientDepth final : public Rule {
 public:
  std::string_view checks() const override { return "activations and gradients from the first layer to the last"; }
  std::vector<Need> needs() const override { return {Need::samples, Need::gradients, Need::signals}; }
  bool cheap() const override { return true; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const double loss = evidence.train_training().mean_loss().value, chance = evidence.chance_loss();
    if (loss < kNearChance * chance) return;
    const std::vector<Depth> depths = depths_of(evidence);
    if (depths.size() < 2 || is_cut(findings, depths)) return;
    const double gradients = first_over_last(depths, &Depth::gradient),
                 signals = first_over_last(depths, &Depth::signal);
    const double largest = std::ranges::max(depths, {}, &Depth::gradient).gradient;
    const bool finite = std::ranges::all_of(
        depths, [](const Depth& d) { return std::isfinite(d.gradient) && std::isfinite(d.signal); });
    const bool exploding = !finite || gradients > kDepths || signals < 1 / kDepths;
    const double variation = last_variation(depths);
    const bool vanishing = !exploding && (gradients < 1 / kDepths || signals > kDepths || largest < kNoGradient ||
                                          variation < kEvenVariation);
    if (!exploding && !vanishing) return;
    Finding f{
        .code = exploding ? "exploding-gradient" : "vanishing-gradient",
        // A network that has been trained for long and still guesses does not learn.
        .severity = evidence.records().updates.value_or(0) > 0 ? Severity::error : Severity::warning,
        .layers = {depths.front().layer, depths.back().layer},
        .cause = std::string("the training loss is that of guessing, and from ") + depths.front().layer + " to " +
                 depths.back().layer +
                 (exploding ? " activations or gradients grow out of range" : " activations or gradients fade away")};
    f.evidence = {{"training loss", loss, "", "well below " + figure(chance) + " (guessing)"},
                  {"gradient over kernel, first layers to last layers", gradients, "", "0.001 to 1000"},
                  {"largest gradient over kernel", largest, "", "above 1e-06"},
                  {"deviation of activations, first layers to last layers", signals, "", "0.001 to 1000"},
                  {"the same as a part of their magnitude, last layers", variation, "", "above 0.05"}};
    f.certainty = Certainty::likely(
        "measured on one training batch, and over all samples in evaluation; what else keeps it from "
        "learning cannot be excluded");
    findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> gradient_depth() { return std::make_unique<GradientDepth>(); }

}  // namespace evenkeel
