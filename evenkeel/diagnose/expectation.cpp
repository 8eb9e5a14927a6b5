#include "evenkeel/diagnose/expectation.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <span>

#include "evenkeel/base/error.h"
#include "evenkeel/diagnose/expectation_ways.h"
#include "evenkeel/diagnose/finding.h"
#include "evenkeel/diagnose/measure/outputs.h"
#include "evenkeel/diagnose/measure/sample_scores.h"
#include "evenkeel/train/evaluate.h"

namespace evenkeel {
namespace {

constexpr double kEqual = 1e-4, kExplained = 1e-3;
constexpr double kWorthConfirming = 1e-2;  ///< on few samples; then all samples decide
constexpr double kMaybePrecision = 0.02;   ///< below it, precision or a constant may explain everything
constexpr double kNear = 0.3;              ///< larger differences give no hint
constexpr std::int64_t kLook = 2048;       ///< samples for each attempt
constexpr std::int64_t kPairScreen = 16;
constexpr std::int64_t kScreen = 64;       ///< samples that decide which attempts are continued
constexpr std::int64_t kScoredRows = 256;  ///< computed at a time
constexpr std::size_t kBeamWays = 4;       ///< ways that pairs begin with
constexpr std::size_t kManyColumns = 64;   ///< an assignment takes time by their cube
constexpr std::int64_t kEpsilonRows = 16;  ///< samples for each epsilon of each layer
constexpr double kEpsilonsOfLayers[] = {1e-5, 1e-3, 1e-4, 1e-6, 1e-2};
constexpr std::size_t kLayersToTry = 40;               ///< layers whose epsilons are tried one by one
constexpr double kSameNorm = 1.25;                     ///< two norms of noise, at most so many times each other
constexpr double kNoiseBias = 0.1, kNoiseSlope = 0.1;  ///< larger than those of our noise: not noise

std::string order_text(const std::vector<std::int64_t>& order) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(order.size(), 20); ++i)
    text += (i ? ", " : "") + std::to_string(order[i]);
  return '[' + text + (order.size() > 20 ? ", ...]" : "]");
}

std::string and_also(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() ? a + b : a + "; and " + b;
}

/// Each row sorted: two outputs differ at least as much as their sorted rows, whatever the order of columns.
OutputMatrix sorted_rows(OutputMatrix m) {
  for (std::size_t row = 0; row < m.rows(); ++row)
    std::ranges::sort(std::span(m.values).subspan(row * m.columns, m.columns));
  return m;
}

/// What was tried, and how large the difference is then.
struct Trial {
  std::string says;
  double remaining = INFINITY;
  double in_any_order = INFINITY;  ///< a lower bound of the difference for any order of the outputs
};

using Combination = std::vector<const OtherWay*>;

std::string text_of(const Combination& ways) {
  std::string text;
  for (const OtherWay* way : ways) text = and_also(text, way->says);
  return text;
}

std::int64_t batch_size_of(const Combination& ways) {
  std::int64_t size = 0;
  for (const OtherWay* way : ways) size = std::max(size, way->batch_size);
  return size;
}

/// The network's outputs when something is done differently.
class OtherNetworks {
 public:
  explicit OtherNetworks(Network& network) : network_(network) {}

  Predictions predicted(const Dataset& rows, const Combination& ways, bool dropout = false) {
    Dataset data = rows;
    for (const OtherWay* way : ways)
      if (way->data) data = way->data().range(0, rows.size());
    for (const OtherWay* way : ways) data = corrected(data, way->input);
    Network& network = changed(ways);
    const std::int64_t size = batch_size_of(ways);
    const std::vector<LayerMode> modes =
        uniform_modes(network, size > 0 ? Statistics::batch : Statistics::moving, dropout);
    return predict(network, data, {.batch_size = size > 0 ? size : kScoredRows, .layer_modes = modes});
  }

 private:
  /// The network itself, or a copy with the changes; the last copy is kept.
  Network& changed(const Combination& ways) {
    std::vector<std::string> names;
    for (const OtherWay* way : ways)
      if (way->change) names.push_back(way->name);
    if (names.empty()) return network_;
    if (names == names_) return *copy_;
    Draft draft(network_);
    for (const OtherWay* way : ways)
      if (way->change) way->change(draft);
    NetworkOptions options = network_.options();
    options.probes.clear();
    options.optimizer.reset();
    options.draw_weights = false;
    copy_.reset();
    copy_ = draft.network(options);
    names_ = std::move(names);
    return *copy_;
  }

  Network& network_;
  std::unique_ptr<Network> copy_;
  std::vector<std::string> names_;
};

OtherWay way_of(const OtherData& other) {
  const auto loaded = std::make_shared<std::optional<Dataset>>();
  return {.name = other.says,
          .family = "files",
          .says = other.says,
          .data = [loaded, load = other.load]() -> const Dataset& {
            if (!*loaded) *loaded = load();
            return **loaded;
          }};
}

class Comparison {
 public:
  Comparison(Network& network, const Dataset& data, const std::vector<std::int64_t>& batch_sizes,
             const std::vector<OtherData>& others, OutputMatrix expected)
      : network_(network),
        networks_(network),
        look_(data.range(0, std::min(kLook, data.size()))),
        expected_(std::move(expected)),
        sigmoid_(network.options().loss && scores_of(*network.options().loss) == Scores::sigmoid),
        own_batch_sizes_(batch_sizes),
        summary_(data),
        ways_(other_ways(network, summary_, look_.size(), batch_sizes)) {
    std::ranges::transform(others, std::back_inserter(ways_), way_of);
  }

  /// The explanation of the difference, or the best attempt. `difference` is that of the outputs as they are.
  Trial explain(double difference) {
    best_ = confirmed({});
    if (is_explained()) return best_;
    std::vector<std::pair<Trial, Combination>> singles;
    for (const OtherWay& way : ways_) {
      singles.emplace_back(screened({&way}), Combination{&way});
      if (is_explained()) return best_;
    }
    if (difference <= kNear && explained_by_epsilons()) return best_;
    for (const Combination& base : bases_of(std::move(singles)))
      if (explained_with(base)) return best_;
    return best_;
  }

  /// If the difference is as large as dropout makes it, has no direction, and does not depend on the input.
  std::optional<Trial> explain_by_dropout() {
    if (is_dropouts({})) return Trial{.says = "likely dropout that was on"};
    if (normalizations(network_.model()).empty()) return {};
    for (const OtherWay& way : ways_)
      if (std::ranges::count(own_batch_sizes_, way.batch_size) > 0 || way.batch_size == 32 ||
          way.batch_size == look_.size())
        if (is_dropouts({&way}))
          return Trial{.says = "likely training mode: batch statistics, in batches of " +
                               std::to_string(way.batch_size) + ", and dropout on"};
    return {};
  }

 private:
  bool is_explained() const { return best_.remaining <= kExplained; }

  void keep(Trial trial) {
    if (!trial.says.empty() && trial.remaining < best_.remaining) best_ = std::move(trial);
  }

  /// On a few samples first; on all of them if the difference becomes small.
  Trial screened(const Combination& ways) {
    const std::int64_t batch = batch_size_of(ways), screen = ways.size() > 1 ? kPairScreen : kScreen;
    Trial trial = tried(ways, std::min(batch > 0 ? batch : screen, look_.size()));
    const bool is_hint = trial.remaining < std::min(kNear, best_.remaining);
    if (trial.remaining > kWorthConfirming && !is_hint) return trial;
    trial = confirmed(ways);
    keep(trial);
    return trial;
  }

  Trial confirmed(const Combination& ways) { return tried(ways, look_.size()); }

  /// Tries all forms and orders of the outputs.
  Trial tried(const Combination& ways, std::int64_t rows) {
    const Predictions ours = networks_.predicted(look_.range(0, rows), ways);
    const OutputMatrix expected = expected_.first(static_cast<std::size_t>(rows));
    const OutputMatrix logits = logits_of(output_matrix(ours.scores), sigmoid_);
    const std::string squash = sigmoid_ ? "sigmoid" : "softmax", says = text_of(ways);
    Trial best = matched(says, output_matrix(ours.outputs), expected);
    const auto or_else = [&](Trial trial) {
      if (trial.remaining < std::min(best.remaining, kNear) && best.remaining > kExplained) best = std::move(trial);
    };
    or_else(matched(and_also(says, "they are scores: " + squash + " of the outputs"), output_matrix(ours.scores),
                    expected));
    or_else(matched(and_also(says, "they are logits: what goes into the " + squash),
                    sigmoid_ ? logits : centred(logits), sigmoid_ ? expected : centred(expected)));
    return best;
  }

  static Trial matched(const std::string& says, const OutputMatrix& ours, const OutputMatrix& theirs) {
    Trial trial{.says = says, .remaining = relative_difference(ours, theirs)};
    if (ours.columns == 1 || trial.remaining <= kExplained) return trial;
    trial.in_any_order = relative_difference(sorted_rows(ours), sorted_rows(theirs));
    if (trial.in_any_order > (ours.columns <= kManyColumns ? kNear : kWorthConfirming)) return trial;
    const std::vector<std::int64_t> order = best_order(ours, theirs);
    if (std::ranges::is_sorted(order)) return trial;
    const double remaining = relative_difference(reordered(ours, order), theirs);
    if (remaining > kNear || remaining >= trial.remaining) return trial;
    trial.says = and_also(says, "their outputs come in another order: " + order_text(order) + " of these");
    trial.remaining = remaining;
    return trial;
  }

  /// The best ways so far, for the given order of outputs and for any order.
  static std::vector<Combination> bases_of(std::vector<std::pair<Trial, Combination>> singles) {
    std::vector<Combination> bases;
    for (const auto measure : {&Trial::remaining, &Trial::in_any_order}) {
      std::ranges::stable_sort(singles, {}, [&](const auto& single) { return single.first.*measure; });
      for (std::size_t i = 0; i < std::min(singles.size(), kBeamWays); ++i)
        if (std::ranges::count(bases, singles[i].second) == 0) bases.push_back(singles[i].second);
    }
    return bases;
  }

  /// One way, and a second one applied after it.
  bool explained_with(const Combination& base) {
    const OtherWay& first = *base.front();
    InputSummary summary = summary_;
    for (const InputHypothesis& h : first.input) summary = summary.after(h);
    // The effect of a change depends on the values that earlier changes left.
    std::vector<OtherWay> others = ways_;
    if (!first.input.empty()) {
      others = other_ways(network_, summary, look_.size(), own_batch_sizes_);
      std::ranges::copy_if(ways_, std::back_inserter(others), [](const OtherWay& way) { return way.data != nullptr; });
    }
    for (const OtherWay& other : others) {
      if (other.name == first.name || (other.family == first.family && other.family != "values")) continue;
      if (other.batch_size > 0 && !is_common(other.batch_size)) continue;
      screened({&first, &other});
      if (is_explained()) return true;
    }
    return false;
  }

  /// The batch sizes that are tried together with everything else: powers of two and known sizes.
  bool is_common(std::int64_t size) const {
    return (size <= 256 && (size & (size - 1)) == 0) || size == 10 || size == 50 || size == 100 ||
           std::ranges::count(own_batch_sizes_, size) > 0;
  }

  /// For each layer in turn, the epsilon with the smallest difference.
  bool explained_by_epsilons() {
    const std::vector<int> layers = layers_with_epsilon(network_.model());
    if (layers.empty() || layers.size() > kLayersToTry) return false;
    std::map<int, double> chosen;
    double remaining = INFINITY;
    // A second time: what suits a layer best depends on the others.
    for (int sweep = 0; sweep < 2; ++sweep)
      for (const int layer : layers)
        for (const double epsilon : kEpsilonsOfLayers) {
          std::map<int, double> trial = chosen;
          trial[layer] = epsilon;
          const OtherWay way = with_epsilons(trial);
          const double now = tried({&way}, std::min(kEpsilonRows, look_.size())).remaining;
          if (now >= remaining) continue;
          remaining = now;
          chosen = std::move(trial);
        }
    std::erase_if(chosen,
                  [&](const auto& entry) { return node(entry.first).traits().normalization->epsilon == entry.second; });
    const OtherWay way = with_epsilons(chosen);
    if (!chosen.empty()) keep(confirmed({&way}));
    return is_explained();
  }

  const Layer& node(int layer) const { return network_.model().nodes()[static_cast<std::size_t>(layer)].layer; }

  OtherWay with_epsilons(const std::map<int, double>& epsilons) const {
    OtherWay way{.name = "epsilons", .family = "epsilon", .says = "their epsilon is "};
    for (const auto& [layer, epsilon] : epsilons) {
      way.name += '-' + std::to_string(layer) + '=' + figure(epsilon);
      way.says += (way.says.back() == ' ' ? "" : ", ") + figure(epsilon) + " in " + node(layer).name();
    }
    way.change = [epsilons](Draft& draft) {
      for (const auto& [layer, epsilon] : epsilons) draft.replace(layer, draft.layer(layer).with("epsilon", epsilon));
    };
    return way;
  }

  bool is_dropouts(const Combination& ways) {
    const Predictions quiet = networks_.predicted(look_, ways), noisy = networks_.predicted(look_, ways, true);
    for (const Tensor Predictions::*form : {&Predictions::outputs, &Predictions::scores}) {
      const OutputMatrix as_quiet = output_matrix(quiet.*form);
      const Residuals ours = residuals(as_quiet, output_matrix(noisy.*form)), theirs = residuals(as_quiet, expected_);
      if (ours.size > kEqual && std::max(theirs.size / ours.size, ours.size / theirs.size) <= kSameNorm &&
          theirs.bias <= ours.bias + kNoiseBias && theirs.slope <= ours.slope + kNoiseSlope)
        return true;
    }
    return false;
  }

  Network& network_;
  OtherNetworks networks_;
  Dataset look_;
  OutputMatrix expected_;
  bool sigmoid_;
  std::vector<std::int64_t> own_batch_sizes_;
  InputSummary summary_;
  std::vector<OtherWay> ways_;
  Trial best_;
};

std::string unexplained(double difference, const Trial& nearest) {
  if (difference <= kMaybePrecision)
    return "no mode, preparation, layout, constant or order explains it: so small a difference may come from "
           "precision";
  std::string text = "nothing that was tried explains it";
  if (!nearest.says.empty() && nearest.remaining < std::min(kNear, difference))
    text += "; the nearest, with a difference of " + figure(nearest.remaining) + ": " + nearest.says;
  return text;
}

}  // namespace

Expectation explain_difference(Network& network, const Dataset& data, TensorView expected,
                               const std::vector<std::int64_t>& batch_sizes, const std::vector<OtherData>& others) {
  network.check(data, false);
  if (expected.shape != Shape{data.size(), network.outputs()})
    throw Error{{.where = "expected outputs",
                 .expected = to_string(Shape{data.size(), network.outputs()}) + ", one row per sample",
                 .received = to_string(expected.shape)}};
  const OutputMatrix all = output_matrix(converted(expected, DType::float32));
  Expectation result{.samples = data.size()};
  result.difference =
      relative_difference(output_matrix(predict(network, data, {.batch_size = kScoredRows}).outputs), all);
  result.remaining = result.difference;
  result.equal = result.difference <= kEqual;
  if (result.equal) {
    result.explanation = "equal";
    return result;
  }
  const std::int64_t looked = std::min(kLook, data.size());
  Comparison comparison(network, data, batch_sizes, others, all.first(static_cast<std::size_t>(looked)));
  Trial found = comparison.explain(result.difference);
  if (found.remaining <= kExplained && !found.says.empty()) {
    result.explanation = std::move(found.says);
    result.remaining = found.remaining;
  } else if (const auto dropout = comparison.explain_by_dropout()) {
    result.explanation = dropout->says;
  } else {
    result.explanation = unexplained(result.difference, found);
  }
  return result;
}

}  // namespace evenkeel
