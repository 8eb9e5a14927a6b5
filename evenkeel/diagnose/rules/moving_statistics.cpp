#include <algorithm>
#include <cmath>
#include <map>

#include "evenkeel/diagnose/rules/rules.h"
#include "evenkeel/diagnose/rules/statistics.h"
#include "evenkeel/nn/layers/normalization.h"

namespace evenkeel {
namespace {

constexpr double kInvertedMomentum = 0.5;  ///< below it, it was meant to be the weight of the new value
constexpr double kExplained = 0.25;        ///< the part of the squared distance that a lag may leave unexplained
constexpr double kLeastShare = 0.03;       ///< of the initial statistics: less is no lag
constexpr double kAlike = 0.25;            ///< layers of one momentum had the same updates: their shares differ by less
constexpr double kAsPredicted = 0.1;       ///< between measured ratios of variances and the closed form's, relative
constexpr double kTelling = 0.1;           ///< squared deviations per channel between initial statistics and the data's

std::optional<double> momentum_of(Evidence& evidence, const std::string& name) {
  if (const auto* fused = evidence.layer<BatchNormalization>(name)) return fused->momentum;
  if (const auto* parts = evidence.layer<BatchNormalizationFromParts>(name)) return parts->momentum;
  if (const auto* renormalized = evidence.layer<BatchRenormalization>(name)) return renormalized->momentum;
  return {};
}

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
  if (along <= 0 || apart <= 0) return {};
  const double share = std::clamp(across / along, 0.0, 1.0);
  return {share, (apart - 2 * share * across + share * share * along) / apart,
          along / static_cast<double>(gap.data.mean.size())};
}

/// The share that is left of the initial statistics in the layers of one momentum: the median of those that can tell.
double common_share(Evidence& evidence, double momentum) {
  std::vector<double> shares;
  for (std::size_t i = 0; i < evidence.normalizations().size(); ++i) {
    const Normalization& n = evidence.normalizations()[i];
    if (momentum_of(evidence, n.name) != momentum || is_initial(evidence.gaps()[i].moving)) continue;
    const Lag lag = lag_of(evidence.gaps_with_dropout()[i], n.epsilon);
    if (lag.telling >= kTelling) shares.push_back(lag.share);
  }
  if (shares.empty()) return 0;
  const auto middle = shares.begin() + std::ssize(shares) / 2;
  std::ranges::nth_element(shares, middle);
  return *middle;
}

/// Whether a layer's statistics are what so few updates leave: enough of the initial ones, as much as in other layers
/// of its momentum, and no less than one update's.
bool lags(const Lag& lag, double momentum, double common) {
  return lag.share >= kLeastShare && lag.share <= momentum && lag.unexplained <= kExplained &&
         std::abs(lag.share - common) <= kAlike;
}

/// One layer's statistics, judged.
struct Verdict {
  std::string layer, code;  ///< code: empty where they fit
  double distance = 0, distance_with_dropout = 0;
  double share = 0, momentum = 0;
  std::size_t index = 0;  ///< of the normalization
};

Verdict judge_layer(Evidence& evidence, std::size_t i) {
  const StatisticsGap& gap = evidence.gaps()[i];
  const Normalization& n = evidence.normalizations()[i];
  Verdict v{
      .layer = gap.layer, .code = {}, .distance = gap.distance, .distance_with_dropout = gap.distance, .index = i};
  v.momentum = momentum_of(evidence, n.name).value_or(0.99);
  if (is_initial(gap.moving)) v.code = "never-updated";
  if (!v.code.empty()) return v;
  const bool far = !(gap.distance < kFarStatistics);
  if (far && evidence.has_dropout()) v.distance_with_dropout = evidence.gaps_with_dropout()[i].distance;
  if (far && v.distance_with_dropout < kFarStatistics) {
    v.code = "variance-shift";
  } else if (v.momentum < kInvertedMomentum) {
    v.code = "momentum-inverted";
  } else if (far) {
    const Lag lag = lag_of(evidence.gaps_with_dropout()[i], n.epsilon);
    const auto updates = evidence.records().updates;
    const double recorded = updates ? std::pow(v.momentum, static_cast<double>(*updates)) : 0;
    v.share = updates ? recorded : lag.share;
    const bool few = updates ? recorded >= kLeastShare : lags(lag, v.momentum, common_share(evidence, v.momentum));
    v.code = few ? "lagging" : "stale-statistics";
  }
  return v;
}

/// The layers that make the noise in front of these.
std::vector<std::string> noise_layers(Evidence& evidence, const std::vector<Verdict>& verdicts) {
  std::vector<std::string> names;
  for (const Verdict& v : verdicts)
    if (const auto& shift = evidence.noise_shifts()[v.index]; shift && std::ranges::count(names, shift->noise) == 0)
      names.push_back(shift->noise);
  return names;
}

/// Whether every closed form that there is says what was measured, and there is one.
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

/// One sentence for all layers of a code.
std::string cause_of(Evidence& evidence, const std::string& code, const std::vector<std::string>& layers,
                     const std::vector<Verdict>& verdicts) {
  const std::string who = layers_text(layers);
  const Verdict& worst = *std::ranges::max_element(verdicts, {}, &Verdict::distance);
  if (code == "never-updated")
    return "the moving statistics of " + who +
           " are exactly 0 and 1, as they were drawn: training never updated them, or they were never loaded";
  if (code == "variance-shift")
    return "the moving statistics of " + who +
           " fit the data with dropout on, not with dropout off: " + layers_text(noise_layers(evidence, verdicts)) +
           " in front changes the variance that they learn";
  if (code == "momentum-inverted")
    return "momentum " + figure(worst.momentum, 3) + " of " + who +
           " keeps hardly anything of the old statistics: it weighs the old value here, the new one in PyTorch (" +
           figure(1 - worst.momentum, 3) + " was meant)";
  if (code == "lagging") {
    const double updates = std::log(worst.share) / std::log(worst.momentum);
    return "the moving statistics of " + who + " are still " + percent(worst.share) +
           " what they were initially: about " + figure(updates, 2) + " updates are too few for momentum " +
           figure(worst.momentum, 4);
  }
  return "the moving statistics of " + who +
         (evidence.has_train_data()
              ? " are not those of the training data: the weights moved on, or they come from elsewhere"
              : " are not those of these data: the weights moved on, or these are other data");
}

std::string certainty_of(const std::string& code, Evidence& evidence, const std::vector<Verdict>& verdicts) {
  if (code == "never-updated") return "certain: bit for bit";
  if (code == "momentum-inverted") return "certain of the setting";
  if (code == "variance-shift")
    return as_predicted(evidence, verdicts) ? "sure: measured with dropout on and off, and as the closed form has it"
                                            : "sure: measured with dropout on and off";
  if (code == "lagging")
    return evidence.records().updates ? "sure: from the recorded number of updates"
                                      : "likely: an average of initial and present statistics explains the distance";
  return "sure that they do not fit; why, is a guess by exclusion";
}

class MovingStatistics final : public Rule {
 public:
  std::string_view checks() const override { return "moving statistics against those of the data, layer by layer"; }
  std::vector<Need> needs() const override { return {Need::normalization, Need::samples}; }
  bool cheap() const override { return true; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    std::map<std::string, std::vector<Verdict>> by_code;
    for (std::size_t i = 0; i < evidence.normalizations().size(); ++i) {
      if (explains_statistics(findings, evidence.model(), evidence.normalizations()[i].name)) continue;
      if (Verdict v = judge_layer(evidence, i); !v.code.empty()) by_code[v.code].push_back(std::move(v));
    }
    for (const auto& [code, verdicts] : by_code) findings.push_back(finding(evidence, code, verdicts));
  }

 private:
  static void add_shift(Evidence& evidence, const Verdict& v, std::vector<Fact>& facts) {
    facts.push_back({v.layer + ": the same with dropout on", v.distance_with_dropout, "nats", "below 0.05"});
    const auto& shift = evidence.noise_shifts()[v.index];
    if (!shift) return;
    facts.push_back({v.layer + ": variance of its input, evaluation / training", shift->measured, "", "near 1"});
    if (shift->closed_form)
      facts.push_back({v.layer + ": the same by the closed form for " + shift->noise, *shift->closed_form});
  }

  static Finding finding(Evidence& evidence, const std::string& code, const std::vector<Verdict>& verdicts) {
    Finding f{.code = code, .cause = {}};
    bool far = false;
    for (const Verdict& v : verdicts) {
      f.layers.push_back(v.layer);
      far = far || !(v.distance < kFarStatistics);
      f.evidence.push_back({v.layer + ": distance to the statistics of the data", v.distance, "nats", "below 0.05"});
      if (code == "variance-shift") add_shift(evidence, v, f.evidence);
      if (code == "lagging")
        f.evidence.push_back({v.layer + ": share of the initial statistics", v.share, "", "near 0"});
      if (code == "momentum-inverted") f.evidence.push_back({v.layer + ": momentum", v.momentum, "", "0.9 to 0.999"});
    }
    f.cause = cause_of(evidence, code, f.layers, verdicts);
    f.certainty = certainty_of(code, evidence, verdicts);
    f.cost = cost_between(evidence.full_data(), evidence.moving_in(f.layers));
    f.severity = matters(*f.cost) && far              ? Severity::error
                 : far || code == "momentum-inverted" ? Severity::warning
                                                      : Severity::info;
    return f;
  }
};

}  // namespace

std::unique_ptr<Rule> moving_statistics() { return std::make_unique<MovingStatistics>(); }

}  // namespace evenkeel
