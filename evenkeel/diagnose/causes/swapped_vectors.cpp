#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>

#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/causes/statistics.h"
#include "evenkeel/diagnose/measure/other_weights.h"

namespace evenkeel {
namespace {

constexpr double kRest = 0.1;  ///< share of a distance that an explanation may leave
/// Of the squares between the channels' statistics: what vectors in their right places may leave unexplained. One
/// number for all channels leaves all of it, and may be near enough where the channels are alike.
constexpr double kAlike = 0.25;
constexpr double kAboveFullData = 1.1;  ///< of the loss with statistics of the data
constexpr std::int64_t kTriedSamples = 96;
constexpr std::size_t kFewChannels = 6;  ///< fewer may fit a function by chance
constexpr std::size_t kLayersTried = 3;  ///< one by one
constexpr double kLeastFactor = 1.2;     ///< a smaller factor may come from momentum
constexpr double kSameFactor = 0.05;     ///< between the factors of means and of variances, in logarithms

// --- Vectors in the wrong slots.

constexpr int kSlots = 4;
const std::array<std::string, kSlots> kSlotNames = {"gamma", "beta", "moving mean", "moving variance"};
constexpr std::size_t kMean = 2, kVariance = 3;
/// For each slot, the slot whose tensor belongs there.
using Order = std::array<std::size_t, kSlots>;
constexpr Order kInPlace = {0, 1, 2, 3};

std::array<std::string, kSlots> tensors_of(const Normalization& n) { return {n.gamma, n.beta, n.mean, n.variance}; }

/// The tensors of these layers, rearranged by the order.
NamedTensors put_in_order(const Evidence& evidence, const std::vector<Normalization>& layers, const Order& order) {
  NamedTensors tensors;
  for (const Normalization& n : layers) {
    const auto names = tensors_of(n);
    for (std::size_t slot = 0; slot < kSlots; ++slot)
      if (!names[slot].empty())
        tensors.emplace_back(names[slot], Tensor::copy_of(evidence.original(names[order[slot]])));
  }
  return tensors;
}

/// Whether the order moves only vectors that the layers have, and no negative values to a variance.
bool is_possible(const Evidence& evidence, const std::vector<Normalization>& layers, const Order& order) {
  return std::ranges::all_of(layers, [&](const Normalization& n) {
    const auto names = tensors_of(n);
    for (std::size_t slot = 0; slot < kSlots; ++slot)
      if (order[slot] != slot && (names[slot].empty() || names[order[slot]].empty())) return false;
    const Tensor variance = converted(evidence.original(names[order[kVariance]]), DType::float64);
    return std::ranges::all_of(variance.as<double>(), [](double v) { return v >= 0; });
  });
}

/// "the slot of gamma has the moving mean, ..."
std::string order_text(const Order& order) {
  std::vector<std::string> moved;
  for (std::size_t slot = 0; slot < kSlots; ++slot)
    for (std::size_t belongs = 0; belongs < kSlots; ++belongs)
      if (order[belongs] == slot && belongs != slot)
        moved.push_back("the slot of " + kSlotNames[slot] + " has the " + kSlotNames[belongs]);
  return join(moved);
}

struct Swap {
  std::vector<Normalization> layers;
  Order order = kInPlace;
  double loss = 0;  ///< of a few samples
};

class Swaps {
 public:
  explicit Swaps(Evidence& evidence)
      : evidence_(evidence), few_(sample_of(evidence.data(), kTriedSamples)), best_{.layers = {}, .loss = INFINITY} {}

  /// The order with the least loss: the same for all layers, else for single layers. Nothing if none explains the
  /// defect.
  std::optional<Swap> found() {
    const std::vector<Normalization>& all = evidence_.normalizations();
    try_orders(all);
    if (explains(best_)) return best_;
    if (all.size() < 2) return {};
    best_.loss = INFINITY;
    for (const Normalization& n : suspects()) try_orders({n});
    return explains(best_) ? std::optional(best_) : std::nullopt;
  }

 private:
  void try_orders(const std::vector<Normalization>& layers) {
    Order order = kInPlace;
    while (std::ranges::next_permutation(order).found) {
      if (!is_possible(evidence_, layers, order) || !fits_first(layers.front(), order)) continue;
      const double loss = scored(few_, layers, order).mean_loss().value;
      if (loss < best_.loss) best_ = {layers, order, loss};
    }
  }

  SampleScores scored(const Dataset& data, const std::vector<Normalization>& layers, const Order& order) {
    const OtherWeights ordered(evidence_.network(), put_in_order(evidence_, layers, order));
    return evidence_.score(data);
  }

  /// Layers whose statistics do not fit, or cannot be computed with, and the layers before them, whose gamma and beta
  /// determine their input.
  std::vector<Normalization> suspects() {
    const std::vector<Normalization>& all = evidence_.normalizations();
    std::vector<Normalization> some;
    for (std::size_t i = 0; i < all.size() && some.size() < kLayersTried; ++i) {
      const bool here = is_wrong(i), next = i + 1 < all.size() && is_wrong(i + 1);
      if (here || next || i + 1 == all.size()) some.push_back(all[i]);
    }
    return some;
  }
  bool is_wrong(std::size_t i) {
    return are_far(evidence_.gaps()[i]) || std::ranges::any_of(evidence_.defects(), [&](const WeightDefect& d) {
             return d.layer == evidence_.normalizations()[i].name && d.kind == WeightDefect::Kind::impossible_variance;
           });
  }

  /// Whether the first layer's statistics fit in this order. What it reads does not depend on it or on those behind it,
  /// so that nothing needs to be computed again.
  bool fits_first(const Normalization& first, const Order& order) {
    const auto gap = std::ranges::find(evidence_.gaps(), first.name, &StatisticsGap::layer);
    const double distance = statistics_distance(in_order(first, order), gap->data, gap->epsilon);
    return distance < far_statistics(gap->samples);
  }

  /// The moving statistics of a layer whose vectors are rearranged.
  LayerStatistics in_order(const Normalization& n, const Order& order) const {
    const auto names = tensors_of(n);
    const auto values = [&](std::size_t slot) {
      const Tensor tensor = converted(evidence_.original(names[order[slot]]), DType::float64);
      return std::vector<double>(tensor.as<double>().begin(), tensor.as<double>().end());
    };
    return {n.name, values(kMean), values(kVariance)};
  }

  /// Whether the vectors that the order puts in the place of statistics vary from channel to channel as the data do.
  /// Where the channels are alike, any vector of numbers near 0 (as beta) fits in the place of the mean.
  static bool follow_channels(const std::vector<StatisticsGap>& gaps, const Swap& swap) {
    double left = 0, squares = 0;
    const auto add = [&](const std::vector<double>& put, const std::vector<double>& data, auto&& scaled) {
      double middle = 0;
      for (std::size_t c = 0; c < data.size(); ++c) middle += scaled(data[c], c) / static_cast<double>(data.size());
      for (std::size_t c = 0; c < data.size(); ++c) {
        left += std::pow(scaled(put[c], c) - scaled(data[c], c), 2);
        squares += std::pow(scaled(data[c], c) - middle, 2);
      }
    };
    for (const StatisticsGap& gap : gaps) {
      if (std::ranges::count(swap.layers, gap.layer, &Normalization::name) == 0) continue;
      const auto deviation = [&](std::size_t c) { return std::sqrt(gap.data.variance[c] + gap.epsilon); };
      if (swap.order[kMean] != kMean)
        add(gap.moving.mean, gap.data.mean, [&](double m, std::size_t c) { return m / deviation(c); });
      if (swap.order[kVariance] != kVariance)
        add(gap.moving.variance, gap.data.variance,
            [&](double v, std::size_t) { return std::log(std::max(v, 0.0) + gap.epsilon); });
    }
    return left <= kAlike * squares;
  }

  /// Statistics that fit are in their place: of the layers whose statistics the order moves, half at least must not
  /// fit.
  bool moves_what_fits(const Swap& swap) {
    if (swap.order[kMean] == kMean && swap.order[kVariance] == kVariance) return false;
    const std::vector<Normalization>& all = evidence_.normalizations();
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < all.size(); ++i)
      wrong += std::ranges::count(swap.layers, all[i].name, &Normalization::name) > 0 && are_far(evidence_.gaps()[i]);
    return 2 * wrong < swap.layers.size() || wrong == 0;
  }

  /// Whether the network then works as well as with full-data statistics, and its statistics fit. Chance does not
  /// achieve both.
  bool explains(Swap& swap) {
    if (!std::isfinite(swap.loss) || swap.layers.empty() || moves_what_fits(swap)) return false;
    const SampleScores with = scored(evidence_.data(), swap.layers, swap.order);
    const double loss = with.mean_loss().value;
    if (loss > kLikeGuessing * evidence_.chance_loss()) return false;
    if (loss > kAboveFullData * evidence_.full_data().mean_loss().value) return false;
    if (!evidence_.has_substitutes() && !matters(cost_between(with, evidence_.evaluation()))) return false;
    const OtherWeights ordered(evidence_.network(), put_in_order(evidence_, swap.layers, swap.order));
    evidence_.add_passes(1, evidence_.train_data());
    const std::vector<StatisticsGap> gaps =
        statistics_gap(evidence_.network(), evidence_.train_data(),
                       {.batch_size = std::min<std::int64_t>(evidence_.at_once(), ReestimateOptions().batch_size),
                        .memory_bytes = evidence_.memory_bytes()});
    return std::ranges::none_of(gaps, are_far) && follow_channels(gaps, swap);
  }

  Evidence& evidence_;
  Dataset few_;
  Swap best_;
};

// --- Statistics that are a known function of the right ones.

/// What was stored instead of mean and variance, and how the right ones follow from it.
struct Function {
  std::string what;  ///< "the deviation", after "as the variance, it has"
  std::function<LayerStatistics(const LayerStatistics&, double epsilon)> undone;
};

LayerStatistics with_variances(LayerStatistics statistics, const std::function<double(double)>& f) {
  for (double& v : statistics.variance) v = f(v);
  return statistics;
}

LayerStatistics scaled(LayerStatistics statistics, double mean, double variance) {
  for (double& m : statistics.mean) m *= mean;
  for (double& v : statistics.variance) v *= variance;
  return statistics;
}

std::vector<Function> functions() {
  std::vector<Function> all = {
      {"have the deviation in place of the variance",
       [](const LayerStatistics& s, double) { return with_variances(s, [](double v) { return v * v; }); }},
      {"have the inverse deviation in place of the variance",
       [](const LayerStatistics& s, double epsilon) {
         return with_variances(s, [&](double v) { return 1 / (v * v) - epsilon; });
       }},
      {"have the inverse variance in place of the variance", [](const LayerStatistics& s, double epsilon) {
         return with_variances(s, [&](double v) { return 1 / v - epsilon; });
       }}};
  for (const double by : {255.0, 127.5})
    for (const bool divided : {true, false})
      all.push_back(
          {"are of values that were " + std::string(divided ? "divided" : "multiplied") + " by " + figure(by, 4),
           [=](const LayerStatistics& s, double) {
             const double k = divided ? by : 1 / by;
             return scaled(s, k, k * k);
           }});
  return all;
}

/// The factor that means and variances have in common, as Caffe stores them, which divides them by a third blob. A
/// kernel of another scale has the factor's square in the variances.
std::optional<double> common_factor(const StatisticsGap& gap) {
  std::vector<double> ratios;
  double means = 0, data = 0;
  for (std::size_t c = 0; c < gap.data.mean.size(); ++c) {
    if (gap.data.variance[c] > 0 && gap.moving.variance[c] > 0)
      ratios.push_back(gap.moving.variance[c] / gap.data.variance[c]);
    means += std::abs(gap.moving.mean[c]);
    data += std::abs(gap.data.mean[c]);
  }
  if (ratios.empty() || !(means > 0 && data > 0)) return {};
  const auto middle = ratios.begin() + std::ssize(ratios) / 2;
  std::ranges::nth_element(ratios, middle);
  if (*middle < kLeastFactor || std::abs(std::log(means / data / *middle)) > kSameFactor) return {};
  return *middle;
}

/// What a layer's statistics are, and what they should be.
struct Explained {
  std::string what;
  LayerStatistics right;
  std::optional<double> factor = {};
};

/// By the function that explains them best, if one does.
std::optional<Explained> explained(const StatisticsGap& gap) {
  std::optional<Explained> best;
  double least = std::min(kFarStatistics, kRest * gap.distance);
  const auto consider = [&](Explained candidate) {
    const auto& variances = candidate.right.variance;
    if (!std::ranges::all_of(variances, [&](double v) { return has_deviation(v, gap.epsilon); })) return;
    const double distance = statistics_distance(candidate.right, gap.data, gap.epsilon);
    if (!(distance < least)) return;
    least = distance;
    best = std::move(candidate);
  };
  for (const Function& f : functions()) consider({f.what, f.undone(gap.moving, gap.epsilon)});
  if (const auto factor = common_factor(gap))
    consider({"are multiplied by one factor, means and variances alike", scaled(gap.moving, 1 / *factor, 1 / *factor),
              factor});
  return best;
}

class SwappedVectors final : public Rule {
 public:
  std::string_view checks() const override {
    return "gamma, beta, means and variances in each other's places, or stored as something else";
  }
  std::vector<Need> needs() const override { return {Need::normalization, Need::samples, Need::scored_samples}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    if (!is_in_doubt(evidence)) return;
    std::int64_t far = 0;
    const std::map<std::string, std::vector<Explained>> functions = explained_layers(evidence, findings, far);
    // One layer of many may look like a function of the right statistics by chance.
    const bool all = std::ssize(functions) == 1 && std::ssize(functions.begin()->second) == far;
    if (!all)
      if (const std::optional<Swap> swap = Swaps(evidence).found()) {
        findings.push_back(finding_on_swap(evidence, findings, *swap));
        return;
      }
    for (const auto& [what, layers] : functions) {
      Finding f = finding_on_function(evidence, what, layers);
      take_over(findings, f);
      findings.push_back(std::move(f));
    }
  }

 private:
  /// If statistics fit, gammas look like gammas and the network works, all vectors are in place.
  static bool is_in_doubt(Evidence& evidence) {
    return evidence.has_substitutes() || std::ranges::any_of(evidence.gaps(), are_far) ||
           std::ranges::any_of(evidence.normalizations(),
                               [&](const Normalization& n) { return beta_looks_like_gamma(evidence, n); }) ||
           evidence.evaluation().mean_loss().value >= kLikeGuessing * evidence.chance_loss();
  }

  /// Training begins with gamma 1 and beta 0, and rarely ends nearer to gamma 0 and beta 1.
  static bool beta_looks_like_gamma(const Evidence& evidence, const Normalization& n) {
    if (n.gamma.empty() || n.beta.empty()) return false;
    const auto apart_from_one = [&](const std::string& tensor) {
      const Tensor values = converted(evidence.original(tensor), DType::float64);
      double sum = 0;
      for (const double v : values.as<double>()) sum += std::abs(v - 1);
      return sum;
    };
    return apart_from_one(n.beta) < apart_from_one(n.gamma);
  }

  /// What a finding before said of these layers' statistics, or of their scale alone, follows from this one.
  static void take_over(std::vector<Finding>& findings, const Finding& by) {
    subsume(findings, by,
            {"stale-statistics", "lagging", "variance-shift", "frozen-statistics", "bad-variance", "extreme-gamma",
             "momentum-inverted", "weight-layout"});
  }

  static Finding finding_on_swap(Evidence& evidence, std::vector<Finding>& findings, const Swap& swap) {
    Finding f{.code = "swapped-vectors", .severity = Severity::error, .cause = {}};
    for (const Normalization& n : swap.layers) f.layers.push_back(n.name);
    f.cause = "vectors of " + layers_text(f.layers) + " are in each other's places: " + order_text(swap.order);
    f.certainty = Certainty::sure("tried: in this order the statistics of all layers fit the data");
    const OtherWeights ordered(evidence.network(), put_in_order(evidence, swap.layers, swap.order));
    const SampleScores with = evidence.score(evidence.data());
    f.evidence.push_back({"loss in evaluation with each in its place", with.mean_loss().value});
    if (const auto accuracy = with.accuracy())
      f.evidence.push_back({"accuracy in evaluation with each in its place", accuracy->value});
    if (!evidence.has_substitutes()) f.cost = cost_between(with, evidence.evaluation());
    // With it the statistics of all layers fit: those behind these ones did not because of them.
    Finding everywhere = f;
    for (const Normalization& n : evidence.normalizations()) everywhere.layers.push_back(n.name);
    take_over(findings, everywhere);
    return f;
  }

  /// The layers that such functions explain, by function, and how many have statistics that do not fit.
  static std::map<std::string, std::vector<Explained>> explained_layers(Evidence& evidence,
                                                                        const std::vector<Finding>& findings,
                                                                        std::int64_t& far) {
    std::map<std::string, std::vector<Explained>> by_function;
    // Data in another scale look the same.
    if (std::ranges::count(findings, "input-mismatch", &Finding::code) > 0) return by_function;
    for (const StatisticsGap& gap : evidence.gaps()) {
      if (!are_far(gap) || is_initial(gap.moving)) continue;
      ++far;
      if (auto found = explained(gap)) by_function[found->what].push_back(std::move(*found));
    }
    return by_function;
  }

  static Finding finding_on_function(Evidence& evidence, const std::string& what,
                                     const std::vector<Explained>& layers) {
    Finding f{.code = "swapped-vectors", .severity = Severity::warning, .cause = {}};
    std::vector<LayerStatistics> all = moving_statistics(evidence.network());
    for (const Explained& layer : layers) {
      const std::string& name = layer.right.layer;
      f.layers.push_back(name);
      *std::ranges::find(all, name, &LayerStatistics::layer) = layer.right;
      const auto gap = std::ranges::find(evidence.gaps(), name, &StatisticsGap::layer);
      f.evidence.push_back(distance_fact(*gap));
      f.evidence.push_back({name + ": the same with that undone",
                            statistics_distance(layer.right, gap->data, gap->epsilon), "nats", "below 0.05"});
      if (layer.factor) f.evidence.push_back({name + ": the factor", *layer.factor, "", "1"});
    }
    f.cause = "the moving statistics of " + layers_text(f.layers) + ' ' + what;
    f.certainty = std::ranges::all_of(layers, has_enough_channels)
                      ? Certainty::sure("tried: undone, they fit the data")
                      : Certainty::likely("tried: undone, they fit the data, in the few channels that there are");
    f.cost = cost_between(evidence.on_statistics(what, all), evidence.evaluation());
    if (matters(*f.cost)) f.severity = Severity::error;
    return f;
  }

  static bool has_enough_channels(const Explained& layer) { return layer.right.mean.size() >= kFewChannels; }
};

}  // namespace

std::unique_ptr<Rule> swapped_vectors() { return std::make_unique<SwappedVectors>(); }

}  // namespace evenkeel
