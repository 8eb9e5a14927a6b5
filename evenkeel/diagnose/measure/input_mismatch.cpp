#include "evenkeel/diagnose/measure/input_mismatch.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/measure/instrument.h"
#include "evenkeel/program/probes/moments.h"

namespace evenkeel {
namespace {

constexpr std::int64_t kFirstLook = 512;  ///< samples on which hypotheses are compared
constexpr double kTimesNearer = 10;

// The wide margin, for what only loss and accuracy tell. On the studies' healthy networks and data no wrong hypothesis
// gains anything; these leave room for networks that have hardly learned.
constexpr double kErrors = 5;         ///< standard errors
constexpr double kLeastGain = 0.03;   ///< of accuracy
constexpr double kErrorsLeft = 0.9;   ///< of the wrong answers, at most
constexpr double kLeastSkill = 0.2;   ///< of the way from the most frequent class's share to 1
constexpr double kLossTimes = 3;      ///< where accuracy stays: the loss is so many times too large
constexpr double kBelowChance = 0.9;  ///< and becomes so much of chance's, at most

/// Measures what reaches the first normalization.
class FirstNormalization {
 public:
  explicit FirstNormalization(Evidence& evidence)
      : evidence_(evidence),
        normalization_(evidence.normalizations().front()),
        value_(input_value(evidence.model(), compile(evidence.model(), {.batch_size = 1}), normalization_.layer)),
        instrument_(evidence.network(), {.probes = {value_}}) {
    moving_ = moving_statistics(evidence.network()).front();
  }

  double distance_to(const Dataset& data) {
    reset_probes(instrument_.store());
    StepContext context = instrument_.network().context(Mode::evaluate);
    instrument_.run(data, std::min(kScoredAtOnce, data.size()), context);
    evidence_.add_passes(static_cast<double>(data.size()) / static_cast<double>(evidence_.data().size()));
    ChannelMoments moments = read_moments(instrument_.store(), value_);
    return statistics_distance(moving_, {moving_.layer, std::move(moments.mean), std::move(moments.variance)},
                               normalization_.epsilon);
  }

 private:
  Evidence& evidence_;
  const Normalization& normalization_;
  std::string value_;
  Instrument instrument_;
  LayerStatistics moving_;
};

/// The part of the samples that are of the most frequent class; 1 / K where there are no labels.
double largest_share(const Dataset& data) {
  if (!data.has_labels()) return 1.0 / static_cast<double>(std::max<std::int64_t>(data.classes(), 2));
  std::vector<std::int64_t> counts(static_cast<std::size_t>(data.classes()));
  for (const std::int32_t label : data.y().as<std::int32_t>()) ++counts[static_cast<std::size_t>(label)];
  return static_cast<double>(std::ranges::max(counts)) / static_cast<double>(data.size());
}

/// What only loss and accuracy tell.
bool by_a_wide_margin(Evidence& evidence, const SampleScores& corrected, const Cost& cost) {
  const double loss = corrected.mean_loss().value;
  if (!cost.loss.above_zero_by(kErrors) || !matters(cost)) return false;
  if (!cost.accuracy) return cost.relative_loss >= kLossTimes - 1;
  const double accuracy = corrected.accuracy()->value, gain = -cost.accuracy->value;
  const double chance = largest_share(evidence.data());
  if (accuracy < chance + kLeastSkill * (1 - chance)) return false;
  if (gain > kErrors * cost.accuracy->error && gain >= kLeastGain &&
      1 - accuracy <= kErrorsLeft * (1 - accuracy + gain))
    return true;
  // Without biases relu networks answer the same at any scale, only far too surely.
  const double loss_of_chance = std::log(static_cast<double>(std::max<std::int64_t>(evidence.network().outputs(), 2)));
  return gain >= -3 * cost.accuracy->error && cost.relative_loss >= kLossTimes - 1 &&
         loss <= kBelowChance * loss_of_chance;
}

bool no_less_accurate(const Cost& cost) { return !cost.accuracy || cost.accuracy->value <= 3 * cost.accuracy->error; }

struct Candidate {
  InputHypothesis hypothesis;
  std::optional<double> distance = {};
  bool much_nearer = false;
  double loss = 0;  ///< on the first look
};

class Search {
 public:
  explicit Search(Evidence& evidence) : evidence_(evidence), look_(sample_of(evidence.data(), kFirstLook)) {
    if (!evidence.normalizations().empty()) first_.emplace(evidence);
  }

  std::optional<InputMismatch> run() {
    if (first_) distance_ = first_->distance_to(look_);
    std::vector<Candidate> near, other;
    const Dataset* train = evidence_.inputs_differ() ? &evidence_.train_data() : nullptr;
    for (InputHypothesis& hypothesis : input_hypotheses(evidence_.data(), train))
      if (auto candidate = looked_at(std::move(hypothesis)))
        (candidate->much_nearer ? near : other).push_back(std::move(*candidate));
    // Distances tell nearly equal scalings apart, losses the rest: what is nearest need not be what helps.
    std::ranges::sort(near, {}, [](const Candidate& c) { return std::pair(c.hypothesis.fits_anything, *c.distance); });
    for (const Candidate& candidate : near)
      if (auto found = judged(candidate)) return found;
    const auto best = std::ranges::min_element(other, {}, &Candidate::loss);
    return best == other.end() ? std::nullopt : judged(*best);
  }

 private:
  std::optional<Candidate> looked_at(InputHypothesis hypothesis) {
    Candidate c{.hypothesis = std::move(hypothesis)};
    const Dataset data = corrected(look_, c.hypothesis);
    if (first_) {
      c.distance = first_->distance_to(data);
      if (!(*c.distance < kFarStatistics)) return {};
      c.much_nearer = *distance_ >= kFarStatistics && *c.distance * kTimesNearer <= *distance_;
    }
    if (!c.much_nearer) c.loss = or_infinite(scored(data).mean_loss().value);
    return c;
  }

  std::optional<InputMismatch> judged(const Candidate& c) {
    const SampleScores scores = scored(corrected(evidence_.data(), c.hypothesis));
    const Cost cost = cost_between(scores, evidence_.evaluation());
    // Stale statistics that a standardization happens to suit in the first layer are as wrong as ever in the next ones.
    const bool believed =
        c.much_nearer ? matters(cost) && no_less_accurate(cost) && !matters(cost_between(evidence_.full_data(), scores))
                      : by_a_wide_margin(evidence_, scores, cost);
    if (!believed) return {};
    return InputMismatch{
        .hypothesis = c.hypothesis, .distance = distance_, .corrected_distance = c.distance, .cost = cost};
  }

  SampleScores scored(const Dataset& data) {
    return evidence_.scorer().score(data, uniform_modes(evidence_.network(), Statistics::moving, false));
  }

  Evidence& evidence_;
  Dataset look_;
  std::optional<FirstNormalization> first_;
  std::optional<double> distance_;
};

}  // namespace

std::optional<InputMismatch> find_input_mismatch(Evidence& evidence) { return Search(evidence).run(); }

InputCheck check_input(Network& network, const Dataset& data) {
  if (!network.options().loss) return {.unchecked = "no loss is known"};
  if (!data.has_targets()) return {.unchecked = "\"" + data.name() + "\" has no labels or targets"};
  Evidence evidence(network, {.data = data});
  if (std::string why = why_not(*input_mismatch(), evidence); !why.empty()) return {.unchecked = std::move(why)};
  return {.mismatches = find_input_mismatch(evidence).has_value()};
}

}  // namespace evenkeel
