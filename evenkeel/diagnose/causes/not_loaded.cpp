#include <cmath>
#include <numbers>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/causes/statistics.h"
#include "evenkeel/diagnose/measure/graph.h"
#include "evenkeel/nn/tensor_role.h"

namespace evenkeel {
namespace {

/// With fewer numbers a distribution cannot be seen. Without an untouched bias or normalization, far more are needed.
constexpr std::int64_t kFew = 100, kEnoughAlone = 2000;
/// So many are enough if the normalization right after it has statistics of another kernel.
constexpr std::int64_t kEnoughWithStatistics = 500;
/// Kolmogorov and Smirnov's bound for sqrt(n) times the distance, at a level of one in a thousand.
constexpr double kKolmogorov = 1.95;
/// The largest of n draws is further than so many n-ths of the range from the bound only once in e^10 times. Training
/// moves numbers past the bounds, or shrinks them well below.
constexpr double kClearOfBound = 10;

enum class State {
  unclear,
  drawn,     ///< bit for bit what this network's seed gives
  as_drawn,  ///< a sample of the initializer's distribution
  changed,   ///< certainly not
};

double normal_share(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

/// The share of a distribution below x.
double share_below(const InitialRange& drawn, double x) {
  if (!drawn.normal) return (x / drawn.bound + 1) / 2;
  const double cut = normal_share(-2);
  return (normal_share(2 * x / drawn.bound) - cut) / (1 - 2 * cut);
}

bool is_as_drawn(std::vector<double> values, const InitialRange& drawn) {
  std::ranges::sort(values);
  const auto n = static_cast<double>(values.size());
  const double largest = std::max(-values.front(), values.back());
  if (largest > drawn.bound * (1 + 1e-6)) return false;
  // At its bound the density of a truncated normal is between four and five times smaller than that of a uniform
  // distribution.
  const double margin = kClearOfBound * (drawn.normal ? 5 : 1) / n;
  if (largest < drawn.bound * (1 - margin)) return false;
  double distance = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double below = share_below(drawn, values[i]), at = static_cast<double>(i);
    distance = std::max({distance, below - at / n, (at + 1) / n - below});
  }
  return std::sqrt(n) * distance < kKolmogorov;
}

State state_of(const MeasuredNetwork& network, std::size_t index) {
  const WeightInfo& weight = network.weights()[index];
  const Tensor values = converted(network.weight(weight.name), DType::float64);
  const auto numbers = values.as<double>();
  if (const std::optional<Tensor> initial = network.initial_values(index)) {
    const Tensor drawn = converted(*initial, DType::float64);
    if (std::ranges::equal(numbers, drawn.as<double>())) return State::drawn;
  }
  const std::optional<InitialRange> distribution = network.initial_range(index);
  if (!distribution) return State::changed;
  if (!is_as_drawn({numbers.begin(), numbers.end()}, *distribution)) return State::changed;
  return weight.shape.size() < kFew ? State::unclear : State::as_drawn;
}

struct Kernel {
  std::string layer, tensor;
  State state = State::unclear;
  std::int64_t size = 0;
  bool statistics_of_another = false;  ///< the normalization right after it has statistics that do not fit its output
  bool companions_untouched = false;  ///< its bias, or the normalization right after it, has exactly its default values
};

class NotLoaded final : public Rule {
 public:
  std::string_view checks() const override { return "layers with their initial values while others are trained"; }
  std::vector<Need> needs() const override { return {Need::initial_values}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    // With few samples, or one class, neither statistics nor the loss of guessing mean anything.
    const bool data_tell = unmet(Need::samples, evidence).empty() && unmet(Need::scored_samples, evidence).empty();
    const std::vector<Kernel> kernels = kernels_of(evidence, data_tell);
    const bool others_trained = std::ranges::count(kernels, State::changed, &Kernel::state) > 0;
    if (!others_trained) return;
    Finding f{.code = "not-loaded", .severity = Severity::warning, .cause = {}};
    bool certain = true;
    for (const Kernel& kernel : kernels) {
      const bool alone = kernel.size >= (kernel.statistics_of_another ? kEnoughWithStatistics : kEnoughAlone);
      if (kernel.state != State::drawn && !(kernel.state == State::as_drawn && (kernel.companions_untouched || alone)))
        continue;
      f.layers.push_back(kernel.layer);
      f.evidence.push_back({kernel.tensor + ": values that follow the initializer's distribution",
                            static_cast<double>(kernel.size), "", "0 in a trained layer"});
      certain = certain && kernel.state == State::drawn;
    }
    if (f.layers.empty()) return;
    f.cause = layers_text(f.layers) + (f.layers.size() == 1 ? " is" : " are") +
              " at the initial values, while other layers are trained: never loaded, or never trained";
    f.certainty = certain ? Certainty::sure("bit for bit the initial values of the seed")
                          : Certainty::likely("the values have the bounds and the distribution of the initializer");
    // The scores of the right weights are not known, but it is known that the network guesses.
    if (data_tell && evidence.full_data().mean_loss().value >= 0.9 * evidence.chance_loss())
      f.severity = Severity::error;
    findings.push_back(std::move(f));
  }

 private:
  static std::vector<Kernel> kernels_of(Evidence& evidence, bool data_tell) {
    const MeasuredNetwork& network = evidence.network();
    std::vector<Kernel> kernels;
    for (std::size_t i = 0; i < network.weights().size(); ++i) {
      const WeightInfo& weight = network.weights()[i];
      if (role_of(evidence.model(), weight.name) != TensorRole::kernel) continue;
      const Layer& layer = evidence.model().nodes()[static_cast<std::size_t>(weight.layer)].layer;
      kernels.push_back({.layer = layer.name(),
                         .tensor = network.shown_name(weight.name),
                         .state = state_of(network, i),
                         .size = weight.shape.size(),
                         .statistics_of_another = data_tell && statistics_of_another(evidence, weight.layer),
                         .companions_untouched = companions_untouched(evidence, weight.layer)});
    }
    return kernels;
  }

  static bool statistics_of_another(Evidence& evidence, int layer) {
    const std::vector<int> readers = readers_of(evidence.model(), layer);
    for (std::size_t i = 0; i < evidence.normalizations().size(); ++i)
      if (std::ranges::count(readers, evidence.normalizations()[i].layer) > 0 && are_far(evidence.gaps()[i]))
        return true;
    return false;
  }

  /// Whether the layer's bias and the normalizations right after it, if there are any, have their default values.
  static bool companions_untouched(Evidence& evidence, int layer) {
    std::vector<int> layers = readers_of(evidence.model(), layer);
    std::erase_if(layers, [&](int reader) {
      return std::ranges::count(evidence.normalizations(), reader, &Normalization::layer) == 0;
    });
    layers.push_back(layer);
    const MeasuredNetwork& network = evidence.network();
    int untouched = 0;
    for (std::size_t i = 0; i < network.weights().size(); ++i) {
      const WeightInfo& weight = network.weights()[i];
      if (std::ranges::count(layers, weight.layer) == 0) continue;
      if (role_of(evidence.model(), weight.name) == TensorRole::kernel) continue;
      if (state_of(network, i) != State::drawn) return false;
      ++untouched;
    }
    return untouched > 0;
  }
};

}  // namespace

std::unique_ptr<Rule> not_loaded() { return std::make_unique<NotLoaded>(); }

}  // namespace evenkeel
