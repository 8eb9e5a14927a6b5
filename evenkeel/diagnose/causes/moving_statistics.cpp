#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/causes/statistics.h"

namespace evenkeel {
namespace {

constexpr double kUnexplained = 0.25;  ///< the part of the squared distance that a lag may leave unexplained
constexpr double kLeastLag = 0.03;     ///< of the initial statistics: a smaller share is not a lag
constexpr double kMuchLag = 0.1;       ///< by the record: reason enough, whatever else happened
constexpr double kRoughly = 0.6;       ///< the part that may then be unexplained: averages also hold older weights'
constexpr double kHardlyAny = 0.01;    ///< of the initial statistics: what enough updates leave
constexpr double kSameShare = 0.25;    ///< layers of one momentum had the same updates: their shares differ by less
constexpr double kAsPredicted = 0.1;   ///< between measured ratios of variances and the closed form's, relative
constexpr double kTelling = 0.1;       ///< squared deviations per channel between initial statistics and the data's

/// moving = share * initial + (1 - share) * data, by least squares over all channels; means in deviations, variances
/// in variances of the data.
struct Lag {
  double share = 0;        ///< of the initial statistics
  double unexplained = 1;  ///< part of the squared distance
  double telling = 0;      ///< how far the initial statistics are from the data's, per channel
};

Lag lag_of(const StatisticsGap& gap, double epsilon) {
  double across = 0, along = 0, apart = 0;
  const auto add = [&](double moving, double data, double initial, double scale) {
    const double m = (moving - data) / scale, i = (initial - data) / scale;
    across += m * i;
    along += i * i;
    apart += m * m;
  };
  for (std::size_t c = 0; c < gap.data.mean.size(); ++c) {
    const double variance = gap.data.variance[c] + epsilon;
    add(gap.moving.mean[c], gap.data.mean[c], 0, std::sqrt(variance));
    add(gap.moving.variance[c], gap.data.variance[c], 1, variance);
  }
  if (!(along > 0 && apart > 0) || !std::isfinite(along + apart)) return {};
  const double share = std::clamp(across / along, 0.0, 1.0);
  return {share, (apart - 2 * share * across + share * share * along) / apart,
          along / static_cast<double>(gap.data.mean.size())};
}

/// The share of the initial statistics that is left in the layers of one momentum: the least of those that show it,
/// because all had the same updates. Where one layer has hardly any, another's has a different reason.
double measured_share(Evidence& evidence, double momentum) {
  std::vector<double> shares;
  for (std::size_t i = 0; i < evidence.normalizations().size(); ++i) {
    const Normalization& n = evidence.normalizations()[i];
    if (n.momentum != momentum || is_initial(evidence.gaps()[i].moving)) continue;
    const Lag lag = lag_of(evidence.gaps_with_dropout()[i], n.epsilon);
    if (lag.telling >= kTelling) shares.push_back(lag.share);
  }
  return shares.empty() ? 0 : std::ranges::min(shares);
}

double share_by_record(Evidence& evidence, double momentum) {
  return std::pow(momentum, static_cast<double>(*evidence.records().updates));
}

/// The share that layers of this momentum should still have: by the record, else that of most of them.
double common_share(Evidence& evidence, double momentum) {
  return evidence.records().updates ? share_by_record(evidence, momentum) : measured_share(evidence, momentum);
}

/// Whether too few updates explain a layer's statistics: the share of the initial ones is large enough, not more than
/// one update leaves, and the same as in other layers of its momentum or by the record. Momentum 1 would leave all of
/// them.
bool lags(Evidence& evidence, const Lag& lag, double momentum) {
  const double common = common_share(evidence, momentum);
  const bool by_record = evidence.records().updates && common >= kMuchLag;
  return momentum < 1 && common >= kLeastLag && lag.share >= kLeastLag && lag.share <= momentum &&
         lag.unexplained <= (by_record ? kRoughly : kUnexplained) && std::abs(lag.share - common) <= kSameShare;
}

/// "BatchNormalization(momentum=0.95)" with the momentum that leaves hardly anything of the initial statistics after so
/// many updates, and how many this momentum needs.
Remedy lagging_remedy(double momentum, double updates) {
  const double enough = std::log(kHardlyAny) / std::log(momentum);
  // Rounded down at its second digit from 1: 0.982, 0.95, 0.63.
  const double exact = 1 - std::pow(kHardlyAny, 1 / updates), digit = std::pow(10, std::floor(std::log10(exact)) - 1);
  const double fresh = std::min(1.0, std::ceil(exact / digit - 1e-9) * digit);
  return {.advice = "Estimate the statistics from data, or train longer: momentum " + momentum_text(momentum) +
                    " needs about " + figure(enough, 2) + " updates. About " + figure(updates, 3) +
                    " are enough for momentum " + momentum_text(1 - fresh) + '.',
          .keras = "BatchNormalization(momentum=" + momentum_text(1 - fresh) + ')',
          .pytorch = "nn.BatchNorm2d(c, momentum=" + figure(fresh, 4) + ')'};
}

/// One layer's statistics, judged.
struct Verdict {
  std::size_t index = 0;  ///< of the normalization
  std::string code = {};  ///< empty if they fit, or another rule explains them
  double share = 0;       ///< of the initial statistics
};

Verdict judge_layer(Evidence& evidence, std::size_t i) {
  Verdict v{.index = i};
  const Normalization& n = evidence.normalizations()[i];
  if (is_initial(evidence.gaps()[i].moving) || !are_far(evidence.gaps()[i])) return v;
  if (!are_far_in_both_modes(evidence, i)) {
    v.code = "variance-shift";
  } else if (!n.has_inverted_momentum()) {
    const Lag lag = lag_of(evidence.gaps_with_dropout()[i], n.epsilon);
    v.code = lags(evidence, lag, n.momentum) ? "lagging" : "stale-statistics";
    v.share = evidence.records().updates ? share_by_record(evidence, n.momentum) : lag.share;
  }
  return v;
}

/// Judges all layers whose statistics do not fit and that no earlier rule explains.
std::vector<Verdict> verdicts_on(Evidence& evidence, const std::vector<Finding>& findings) {
  std::vector<Verdict> verdicts;
  for (std::size_t i = 0; i < evidence.normalizations().size(); ++i)
    if (!explains_statistics(findings, evidence.model(), evidence.normalizations()[i].name))
      if (Verdict v = judge_layer(evidence, i); !v.code.empty()) verdicts.push_back(std::move(v));
  // All layers had the same updates: without a record, it is a lag only if most of them have it.
  if (!evidence.records().updates && std::ranges::count(verdicts, "lagging", &Verdict::code) <
                                         std::ranges::count(verdicts, "stale-statistics", &Verdict::code))
    for (Verdict& v : verdicts)
      if (v.code == "lagging") v.code = "stale-statistics";
  return verdicts;
}

/// The layers that make the noise in front of these.
std::vector<std::string> noise_layers(Evidence& evidence, const std::vector<Verdict>& verdicts) {
  std::vector<std::string> names;
  for (const Verdict& v : verdicts)
    if (const auto& shift = evidence.noise_shifts()[v.index]; shift && std::ranges::count(names, shift->noise) == 0)
      names.push_back(shift->noise);
  return names;
}

/// Whether there are closed forms and all of them agree with the measurement.
bool as_predicted(Evidence& evidence, const std::vector<Verdict>& verdicts) {
  int forms = 0;
  for (const Verdict& v : verdicts) {
    const auto& shift = evidence.noise_shifts()[v.index];
    if (!shift || !shift->closed_form) continue;
    if (std::abs(shift->measured - *shift->closed_form) > kAsPredicted * shift->measured) return false;
    ++forms;
  }
  return forms > 0;
}

std::string percent(double share) { return figure(100 * share, 2) + " %"; }

/// The layer with most of its initial statistics, and the updates that leave so much of them.
struct Lateness {
  double share = 0, momentum = 0, updates = 0;
};

Lateness lateness_of(Evidence& evidence, const std::vector<Verdict>& verdicts) {
  const Verdict& worst = *std::ranges::max_element(verdicts, {}, &Verdict::share);
  const double momentum = evidence.normalizations()[worst.index].momentum;
  return {worst.share, momentum, std::log(worst.share) / std::log(momentum)};
}

/// One sentence for all layers with this code.
std::string cause_of(Evidence& evidence, const std::string& code, const std::vector<std::string>& layers,
                     const std::vector<Verdict>& verdicts) {
  const std::string who = layers_text(layers);
  if (code == "variance-shift")
    return "the moving statistics of " + who +
           " fit the data with dropout on, not with dropout off: " + layers_text(noise_layers(evidence, verdicts)) +
           " before them changes the variance that they learn";
  if (code == "lagging") {
    const Lateness late = lateness_of(evidence, verdicts);
    const std::string share =
        "the moving statistics of " + who + " are still " + percent(late.share) + " of their initial values: ";
    if (!evidence.records().tell_momentum()) return share + "too few updates for their momentum";
    return share + "about " + figure(late.updates, 2) + " updates are too few for momentum " +
           momentum_text(late.momentum);
  }
  return "the moving statistics of " + who +
         (evidence.has_train_data()
              ? " are not those of the training data: the weights have changed since, or the statistics come from "
                "elsewhere"
              : " are not those of these data: the weights have changed since, or these are other data");
}

/// What remains after all other known causes were excluded.
Certainty certainty_of_stale(Evidence& evidence, const Finding& f) {
  const bool measured = evidence.has_train_data() && matters(*f.cost);
  Certainty c = measured
                    ? Certainty::likely(
                          "they do not fit the training data, and that costs; the reason is what "
                          "remains after others were excluded")
                    : Certainty::possible("they do not fit; the reason is what remains after others were excluded");
  c.excluded = {"never updated: they do not have their initial values",
                "too few updates: no average of initial and present statistics comes near them"};
  if (evidence.has_dropout()) c.excluded.emplace_back("dropout: they do not fit with dropout on either");
  c.unseen = {"whether the weights changed after the statistics were taken, or the statistics come from elsewhere"};
  if (!evidence.has_train_data()) c.unseen.emplace_back("whether these data are as those of training");
  return c;
}

Certainty certainty_of(Evidence& evidence, const Finding& f, const std::vector<Verdict>& verdicts) {
  if (f.code == "variance-shift")
    return as_predicted(evidence, verdicts)
               ? Certainty::sure("measured with dropout on and off, and as the closed form predicts")
               : Certainty::likely("measured with dropout on and off; no closed form predicts how much");
  if (f.code == "lagging") {
    if (evidence.records().updates)
      return Certainty::sure(
          "the recorded number of updates explains it, and so does an average of initial and present statistics");
    Certainty c = Certainty::likely("an average of initial and present statistics explains the distance");
    if (!evidence.records().tell_momentum())
      c.unseen.emplace_back("the momentum, which the file that the network comes from does not tell");
    return c;
  }
  return certainty_of_stale(evidence, f);
}

class MovingStatistics final : public Rule {
 public:
  std::string_view checks() const override { return "moving statistics against those of the data, layer by layer"; }
  std::vector<Need> needs() const override { return {Need::normalization, Need::samples}; }
  bool cheap() const override { return true; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    std::map<std::string, std::vector<Verdict>> by_code;
    for (Verdict& v : verdicts_on(evidence, findings)) by_code[v.code].push_back(std::move(v));
    for (const auto& [code, verdicts] : by_code) findings.push_back(finding(evidence, code, verdicts));
  }

 private:
  static void add_shift(Evidence& evidence, std::size_t i, std::vector<Fact>& facts) {
    const StatisticsGap& with = evidence.gaps_with_dropout()[i];
    facts.push_back({with.layer + ": the same with dropout on", with.distance, "nats", "below 0.05"});
    const auto& shift = evidence.noise_shifts()[i];
    if (!shift) return;
    facts.push_back({with.layer + ": variance of its input, evaluation / training", shift->measured, "", "near 1"});
    if (shift->closed_form)
      facts.push_back({with.layer + ": the same by the closed form for " + shift->noise, *shift->closed_form});
  }

  static Finding finding(Evidence& evidence, const std::string& code, const std::vector<Verdict>& verdicts) {
    Finding f{.code = code, .cause = {}};
    for (const Verdict& v : verdicts) {
      const StatisticsGap& gap = evidence.gaps()[v.index];
      f.layers.push_back(gap.layer);
      f.evidence.push_back(distance_fact(gap));
      if (code == "variance-shift") add_shift(evidence, v.index, f.evidence);
      if (code == "lagging")
        f.evidence.push_back({gap.layer + ": share of the initial statistics", v.share, "", "near 0"});
    }
    f.cause = cause_of(evidence, code, f.layers, verdicts);
    if (code == "lagging" && evidence.records().tell_momentum()) {
      const Lateness late = lateness_of(evidence, verdicts);
      f.remedy = lagging_remedy(late.momentum, late.updates);
    }
    weigh(evidence, f, true);
    f.certainty = certainty_of(evidence, f, verdicts);
    return f;
  }
};

/// What the record alone shows if there are too few samples to measure: momentum^updates is left.
class LaggingByRecord final : public Rule {
 public:
  std::string_view checks() const override { return "the number of updates against the momentum"; }
  std::vector<Need> needs() const override { return {Need::normalization, Need::updates, Need::momentum}; }
  bool cheap() const override { return true; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    if (unmet(Need::samples, evidence).empty()) return;  // measured by the rule before
    Finding f{.code = "lagging", .severity = Severity::warning, .cause = {}};
    const std::vector<LayerStatistics> moving = moving_statistics(evidence.network());
    double largest = 0, momentum = 0;
    for (std::size_t i = 0; i < moving.size(); ++i) {
      const Normalization& n = evidence.normalizations()[i];
      const double share = share_by_record(evidence, n.momentum);
      if (n.frozen || n.momentum >= 1 || n.has_inverted_momentum() || is_initial(moving[i]) || share < kMuchLag)
        continue;
      f.layers.push_back(n.name);
      f.evidence.push_back({n.name + ": share of the initial statistics, momentum^updates", share, "", "near 0"});
      if (share > largest) std::tie(largest, momentum) = std::pair(share, n.momentum);
    }
    if (f.layers.empty()) return;
    f.cause = "the moving statistics of " + layers_text(f.layers) + " are still " + percent(largest) +
              " of their initial values: " + std::to_string(*evidence.records().updates) +
              " updates are too few for their momentum";
    f.remedy = lagging_remedy(momentum, static_cast<double>(*evidence.records().updates));
    f.certainty = Certainty::sure("the closed form, momentum^updates, of the recorded number of updates");
    findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> moving_statistics() { return std::make_unique<MovingStatistics>(); }
std::unique_ptr<Rule> lagging_by_record() { return std::make_unique<LaggingByRecord>(); }

}  // namespace evenkeel
