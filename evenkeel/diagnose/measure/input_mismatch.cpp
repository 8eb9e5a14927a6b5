#include "evenkeel/diagnose/measure/input_mismatch.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "evenkeel/diagnose/causes/rules.h"

namespace evenkeel {
namespace {

/// Hypotheses and pairs are compared on this part of the samples, between these bounds; then all samples decide.
constexpr std::int64_t kFirstPart = 16, kFirstLeast = 64, kFirstMost = 128;
constexpr std::int64_t kPairPart = 64, kPairLeast = 32, kPairMost = 64;
constexpr double kTimesNearer = 10;
constexpr double kLikeStatistics = 0.9;    ///< of the gain by full-data statistics: a correction must gain so much
constexpr double kBelowStatistics = 0.05;  ///< of accuracy
constexpr double kSurely = 5;              ///< standard errors that a further, small step must gain
constexpr std::size_t kJudged = 2;      ///< how many hypotheses, those with the least loss, are judged on all samples
constexpr std::size_t kBeam = 3;        ///< hypotheses of each kind that pairs begin with; 1 of a large network
constexpr std::int64_t kOfLarge = 2;    ///< of a large network, so much fewer samples are looked at
constexpr double kWrongLeft = 2 / 3.0;  ///< of the wrong answers, at most, that what does not explain all leaves

Dataset look_at(const Dataset& data, std::int64_t part, std::int64_t least, std::int64_t most) {
  return sample_of(data, std::clamp(data.size() / part, least, most));
}

/// Measures the input of the first normalization.
class FirstNormalization {
 public:
  explicit FirstNormalization(Evidence& evidence)
      : evidence_(evidence),
        normalization_(evidence.normalizations().front()),
        moving_(moving_statistics(evidence.network()).front()) {}

  double distance_to(const Dataset& data) {
    const LayerStatistics found =
        evidence_.network().input_moments(data, 0, std::min(evidence_.at_once(), data.size()));
    // Of a pass only the layers up to here.
    const double layers = static_cast<double>(normalization_.layer + 1) / evidence_.model().layers();
    evidence_.add_passes(layers, data);
    return statistics_distance(moving_, found, normalization_.epsilon);
  }

 private:
  Evidence& evidence_;
  const Normalization& normalization_;
  LayerStatistics moving_;
};

/// Scores data on the network's weights, or on them in another layout.
class LayoutScorer {
 public:
  explicit LayoutScorer(Evidence& evidence) : evidence_(evidence), draft_(evidence.network().draft()) {}

  const Draft& draft() const { return draft_; }

  SampleScores score(const Dataset& data, const std::vector<WeightLayout>& layouts) {
    if (layouts.empty()) return evidence_.score(data);
    lay_out(layouts);
    return evidence_.score_with(laid_out_, data);
  }

 private:
  void lay_out(const std::vector<WeightLayout>& layouts) {
    std::vector<std::string> names;
    for (const WeightLayout& layout : layouts) names.push_back(layout.name);
    if (names == names_) return;
    names_ = std::move(names);
    Draft changed = evidence_.network().draft();
    for (const WeightLayout& layout : layouts) layout.apply(changed);
    laid_out_ = changed.changed_from(draft_);
  }

  Evidence& evidence_;
  Draft draft_;
  NamedTensors laid_out_;
  std::vector<std::string> names_;
};

/// One hypothesis, or a pair.
struct Guess {
  InputCorrection input = {};
  std::vector<WeightLayout> layouts = {};

  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const InputHypothesis& h : input) all.insert(h.name);
    for (const WeightLayout& l : layouts) all.insert(l.name);
    return all;
  }
  std::vector<std::string> layout_names() const {
    std::vector<std::string> all;
    for (const WeightLayout& layout : layouts) all.push_back(layout.name);
    return all;
  }
  /// Hypotheses that can compensate for more come later.
  int flexibility() const {
    return fits_anything() ? 2 : std::ranges::any_of(input, &InputHypothesis::by_sample) ? 1 : 0;
  }
  bool fits_anything() const { return std::ranges::any_of(input, &InputHypothesis::fits_anything); }
};

struct Candidate {
  Guess guess;
  std::optional<double> distance = {};
  bool much_nearer = false;
  bool fits = true;  ///< the first normalization's statistics are near the corrected data
  double loss = 0;   ///< on the first samples
};

void sort_by_loss(std::vector<Candidate>& candidates) { std::ranges::stable_sort(candidates, {}, &Candidate::loss); }

class Search {
 public:
  explicit Search(Evidence& evidence)
      : evidence_(evidence), summary_(evidence.usual_data()), yardstick_(evidence), scorer_(evidence) {
    if (!evidence.normalizations().empty()) first_.emplace(evidence);
    if (evidence.inputs_differ()) train_ = evidence.train_moments();
  }

  std::optional<Mismatch> run() {
    const SampleScores& evaluation = evidence_.evaluation();
    if (yardstick_.has_no_room(evaluation)) return {};
    singles_ = looked_at(all_singles());
    std::optional<Mismatch> found = best_single();
    if (found && Guess{found->input, found->layouts}.fits_anything())
      if (auto named = named_pair(*found)) found = std::move(named);
    if (found && found->is_complete) return refined(*found);
    if (!found && needs_no_pair(evaluation)) return found;
    if (auto pair = best_pair(found)) return pair;
    return found;
  }

 private:
  /// Nothing if the scores are good, or other statistics alone would make them good.
  bool needs_no_pair(const SampleScores& evaluation) {
    return yardstick_.is_near(evaluation) || (first_ && yardstick_.is_near(evidence_.full_data()));
  }

  Dataset first_look() const { return few(kFirstPart, kFirstLeast, kFirstMost); }

  Dataset few(std::int64_t part, std::int64_t least, std::int64_t most) const {
    if (evidence_.is_large()) return look_at(evidence_.data(), part, least / kOfLarge, least / kOfLarge);
    return look_at(evidence_.data(), part, least, most);
  }

  std::vector<Guess> all_singles() {
    std::vector<Guess> all;
    for (InputHypothesis& h : input_hypotheses(summary_, train_ ? &*train_ : nullptr))
      all.push_back({.input = {std::move(h)}});
    layouts_ = weight_layouts(scorer_.draft());
    for (const WeightLayout& layout : layouts_) all.push_back({.layouts = {layout}});
    return all;
  }

  std::vector<Candidate> looked_at(std::vector<Guess> guesses) {
    const Dataset look = first_look();
    far_ = far_statistics(look.size());
    if (first_) distance_ = first_->distance_to(look);
    evidence_.announce(std::ssize(guesses) * look.size());
    std::vector<Candidate> all;
    for (Guess& guess : guesses) {
      Candidate c{.guess = std::move(guess)};
      const Dataset data = corrected(look, c.guess.input);
      measure_distance(c, data);
      // What the first normalization rules out is only what a pair may begin with, by its distance.
      c.loss = c.fits ? or_infinite(scorer_.score(data, c.guess.layouts).mean_loss().value) : INFINITY;
      all.push_back(std::move(c));
    }
    return all;
  }

  void measure_distance(Candidate& c, const Dataset& corrected_look) {
    if (!first_ || !c.guess.layouts.empty()) return;
    c.distance = first_->distance_to(corrected_look);
    c.much_nearer = *distance_ >= far_ && *c.distance * kTimesNearer <= *distance_;
    c.fits = c.much_nearer || *c.distance < far_;
  }

  /// Distances distinguish scalings that are nearly equal; losses decide the rest, because the nearest one may not
  /// help.
  std::optional<Mismatch> best_single() {
    std::vector<Candidate> near, by_loss;
    std::ranges::copy_if(singles_, std::back_inserter(near), &Candidate::much_nearer);
    std::ranges::copy_if(singles_, std::back_inserter(by_loss), &Candidate::fits);
    std::ranges::stable_sort(near, {},
                             [](const Candidate& c) { return std::pair(c.guess.flexibility(), *c.distance); });
    sort_by_loss(by_loss);
    std::optional<Mismatch> best;
    std::size_t judged = 0;
    for (const Candidate& c : near) {
      if (auto found = judged_alone(c); found && (!best || is_better(*found, *best))) best = std::move(found);
      if (++judged == kJudged) break;
    }
    if (best && best->is_complete) return best;
    by_loss.resize(std::min(by_loss.size(), best ? 1 : kJudged));
    for (const Candidate& c : by_loss)
      if (auto found = judged_alone(c); found && (!best || yardstick_.is_wide(best->scores, found->scores))) {
        best = std::move(found);
        break;
      }
    return best;
  }

  /// Where statistics lag, what brings them nearest need not be what is right.
  static bool is_better(const Mismatch& a, const Mismatch& b) {
    return a.is_complete == b.is_complete ? matters(cost_between(a.scores, b.scores)) : a.is_complete;
  }

  std::optional<Mismatch> judged_alone(const Candidate& c) {
    const SampleScores& evaluation = evidence_.evaluation();
    Mismatch found = mismatch_of(c.guess, c.distance);
    const bool believed =
        c.much_nearer ? matters(found.cost) && is_no_less_accurate(found.cost) && suits_layers(found)
                      : is_believed(found, evaluation) && (!found.layouts.empty() || explains(found, evaluation));
    return believed ? std::optional(std::move(found)) : std::nullopt;
  }

  /// By loss and accuracy. If other statistics alone help as much, no layout of the weights is the cause.
  bool is_believed(const Mismatch& found, const SampleScores& before) {
    if (!yardstick_.is_wide(before, found.scores)) return false;
    return found.layouts.empty() || first_ == std::nullopt ||
           matters(cost_between(found.scores, evidence_.full_data()));
  }

  Mismatch mismatch_of(const Guess& guess, std::optional<double> distance) {
    Mismatch found{.input = guess.input, .layouts = guess.layouts};
    found.scores = scorer_.score(corrected(evidence_.data(), guess.input), guess.layouts);
    found.cost = cost_between(found.scores, evidence_.evaluation());
    found.is_complete = yardstick_.is_near(found.scores);
    found.should_be = yardstick_.text();
    found.has_yardstick = yardstick_.is_known();
    if (guess.layouts.empty()) {
      found.distance = distance_;
      found.corrected_distance = distance;
    }
    return found;
  }

  /// If a network guesses, accuracy means nothing; with its classes in another order it may even fall.
  bool is_no_less_accurate(const Cost& cost) {
    return !cost.accuracy || cost.accuracy->value <= 3 * cost.accuracy->error ||
           !yardstick_.is_skilled(evidence_.evaluation().accuracy()->value);
  }

  /// A standardization may happen to fit stale statistics of the first layer; those of later layers stay wrong.
  bool suits_layers(const Mismatch& found) {
    const SampleScores& full = evidence_.full_data();
    const Cost left = cost_between(full, found.scores), all = cost_between(full, evidence_.evaluation());
    if (!matters(left)) return true;
    if (left.accuracy && -left.accuracy->value > kBelowStatistics + 3 * left.accuracy->error) return false;
    return left.loss.value <= (1 - kLikeStatistics) * or_infinite(all.loss.value);
  }

  /// What makes scores near those of training may still leave a smaller step, such as the order of the channels.
  Mismatch refined(const Mismatch& found) {
    std::vector<Guess> further = pairs_with({found.input, found.layouts});
    std::erase_if(further, [&](const Guess& guess) {
      const bool is_layout = guess.input.size() == found.input.size();
      return is_layout || guess.input.back().kind() == InputHypothesis::Kind::values;
    });
    if (further.empty()) return found;
    const Dataset look = first_look();
    std::vector<Candidate> steps = by_loss(std::move(further), look);
    Candidate& best = steps.front();
    measure_distance(best, corrected(look, best.guess.input));
    Mismatch finer = mismatch_of(best.guess, best.distance);
    const Cost gain = cost_between(finer.scores, found.scores);
    return finer.is_complete && matters(gain) && gain.loss.above_zero_by(kSurely) ? finer : found;
  }

  /// By their losses on a few samples, the least first.
  std::vector<Candidate> by_loss(std::vector<Guess> guesses, const Dataset& look) {
    evidence_.announce(std::ssize(guesses) * look.size());
    std::vector<Candidate> all;
    for (Guess& guess : guesses) {
      Candidate c{.guess = std::move(guess)};
      c.loss = or_infinite(scorer_.score(corrected(look, c.guess.input), c.guess.layouts).mean_loss().value);
      all.push_back(std::move(c));
    }
    sort_by_loss(all);
    return all;
  }

  std::vector<Candidate> pairs_by_loss(std::vector<Guess> guesses) {
    return by_loss(std::move(guesses), few(kPairPart, kPairLeast, kPairMost));
  }

  /// Two steps with names that explain no less than a correction that fits anything.
  std::optional<Mismatch> named_pair(const Mismatch& found) {
    std::vector<Candidate> named = singles_;
    std::erase_if(named, [](const Candidate& c) { return c.guess.fits_anything(); });
    std::vector<Guess> guesses = all_pairs({}, named);
    std::erase_if(guesses, [](const Guess& guess) { return guess.fits_anything(); });
    std::vector<Candidate> pairs = pairs_by_loss(std::move(guesses));
    pairs.resize(std::min(pairs.size(), kJudged));
    for (Candidate& c : pairs) {
      measure_distance(c, corrected(first_look(), c.guess.input));
      if (!c.fits) continue;
      Mismatch pair = mismatch_of(c.guess, c.distance);
      const bool is_worse = !cost_between(pair.scores, found.scores).loss.above_zero_by(-kSurely);
      if (!is_worse && pair.is_complete >= found.is_complete) return pair;
    }
    return {};
  }

  std::optional<Mismatch> best_pair(const std::optional<Mismatch>& single) {
    std::vector<Candidate> pairs = pairs_by_loss(all_pairs(single, singles_));
    // What fits anything explains only what nothing with a name does.
    const auto unnamed =
        std::stable_partition(pairs.begin(), pairs.end(), [](const Candidate& c) { return !c.guess.fits_anything(); });
    const auto named = std::min<std::ptrdiff_t>(unnamed - pairs.begin(), std::ptrdiff_t{kJudged});
    std::vector<Candidate> best(pairs.begin(), pairs.begin() + named);
    if (unnamed != pairs.end()) best.push_back(*unnamed);
    for (Candidate& c : best) {
      measure_distance(c, corrected(first_look(), c.guess.input));
      if (!c.fits) continue;
      Mismatch found = mismatch_of(c.guess, c.distance);
      const SampleScores& before = single ? single->scores : evidence_.evaluation();
      if (is_believed(found, before) && explains(found, before)) return found;
    }
    return {};
  }

  /// All, or a good part: classes in another order make a wrong step help a little, too.
  static bool explains(const Mismatch& found, const SampleScores& before) {
    return found.is_complete || removes_errors(before, found.scores);
  }

  static bool removes_errors(const SampleScores& before, const SampleScores& after) {
    if (!before.accuracy()) return after.mean_loss().value <= kWrongLeft * before.mean_loss().value;
    return 1 - after.accuracy()->value <= kWrongLeft * (1 - before.accuracy()->value);
  }

  /// Pairs of the best hypotheses, by loss and by distance, with every other that can be combined with them.
  std::vector<Guess> all_pairs(const std::optional<Mismatch>& single, const std::vector<Candidate>& singles) {
    std::vector<Guess> bases;
    if (single) bases.push_back({single->input, single->layouts});
    std::vector<Candidate> by_loss = singles, by_distance;
    std::ranges::copy_if(singles, std::back_inserter(by_distance),
                         [](const Candidate& c) { return c.distance.has_value(); });
    sort_by_loss(by_loss);
    std::ranges::stable_sort(by_distance, {}, [](const Candidate& c) { return *c.distance; });
    // What fits anything may hide a step that has a name.
    std::vector<Candidate> named = by_distance;
    std::erase_if(named, [](const Candidate& c) { return c.guess.fits_anything(); });
    const std::size_t beam = evidence_.is_large() ? 1 : kBeam;
    for (const auto* sorted : {&by_loss, &by_distance, &named})
      for (std::size_t i = 0; i < std::min(sorted->size(), beam); ++i) bases.push_back((*sorted)[i].guess);
    if (values_are_unknown() && !evidence_.is_large())
      for (const Candidate& c : singles_)
        if (!c.guess.input.empty() && c.guess.input.front().kind() == InputHypothesis::Kind::values)
          bases.push_back(c.guess);
    std::vector<Guess> pairs;
    std::set<std::set<std::string>> known;
    for (const Guess& base : bases)
      for (Guess& pair : pairs_with(base))
        if (known.insert(pair.names()).second) pairs.push_back(std::move(pair));
    // Layout by layer, so that the weights of each are written only once.
    std::ranges::stable_sort(pairs, {}, &Guess::layout_names);
    return pairs;
  }

  /// Whether the first normalization does not tell what range the samples should have: then alone no range helps.
  bool values_are_unknown() const {
    const auto fits = [](const Candidate& c) {
      return c.distance && c.fits && c.guess.input.front().kind() == InputHypothesis::Kind::values;
    };
    return !first_ || (*distance_ >= far_ && std::ranges::none_of(singles_, fits));
  }

  std::vector<Guess> pairs_with(const Guess& base) {
    std::vector<Guess> pairs;
    InputSummary summary = summary_;
    for (const InputHypothesis& h : base.input) summary = summary.after(h);
    for (InputHypothesis& h : input_hypotheses(summary)) {
      const bool new_kind = base.input.empty() || h.kind() != base.input.back().kind();
      if (!new_kind && (h.kind() != InputHypothesis::Kind::values || base.fits_anything())) continue;
      Guess pair = base;
      pair.input.push_back(std::move(h));
      pairs.push_back(std::move(pair));
    }
    for (const WeightLayout& layout : layouts_) {
      if (std::ranges::count(base.layouts, layout.family, &WeightLayout::family) > 0) continue;
      Guess pair = base;
      pair.layouts.push_back(layout);
      pairs.push_back(std::move(pair));
    }
    return pairs;
  }

  Evidence& evidence_;
  InputSummary summary_;
  Yardstick yardstick_;
  LayoutScorer scorer_;
  std::optional<LayerStatistics> train_;
  std::optional<FirstNormalization> first_;
  std::optional<double> distance_;
  double far_ = kFarStatistics;
  std::vector<WeightLayout> layouts_;
  std::vector<Candidate> singles_;
};

}  // namespace

std::optional<Mismatch> find_mismatch(Evidence& evidence) { return Search(evidence).run(); }

std::unique_ptr<Network> with_layouts(Network& network, const std::vector<WeightLayout>& layouts) {
  Draft draft(network);
  for (const WeightLayout& layout : layouts) layout.apply(draft);
  NetworkOptions options = network.options();
  options.probes.clear();
  options.optimizer.reset();
  options.draw_weights = false;
  return draft.network(options);
}

InputCheck check_input(Network& network, const Dataset& data) {
  if (!network.options().loss) return {.unchecked = "no loss is known"};
  if (!data.has_targets()) return {.unchecked = "\"" + data.name() + "\" has no labels or targets"};
  Evidence evidence(network, {.data = data});
  if (std::string why = why_not(*input_mismatch(), evidence); !why.empty()) return {.unchecked = std::move(why)};
  const Mismatch* found = evidence.mismatch();
  if (!found) return {};
  return {.mismatches = true,
          .what = found->input.empty() ? "weights laid out for another program" : "an input mismatch"};
}

}  // namespace evenkeel
