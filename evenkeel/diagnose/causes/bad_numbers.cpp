#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/measure/other_weights.h"
#include "evenkeel/diagnose/measure/weight_scan.h"

namespace evenkeel {
namespace {

using Kind = WeightDefect::Kind;

struct Meaning {
  std::string_view code;
  Severity severity;
  std::string_view says;  ///< after "<tensor> has values", before " in 3 channels"
  std::string_view expected;
  std::string_view so = {};  ///< what follows, at the end
};

Meaning meaning_of(Kind kind) {
  switch (kind) {
    case Kind::not_finite: return {"not-finite", Severity::error, "that are NaN or infinite", "finite numbers"};
    case Kind::impossible_variance:
      return {"bad-variance", Severity::error, "that are not above zero even with epsilon", "above 0"};
    case Kind::negative_variance:
      return {"bad-variance", Severity::info, "below zero", "above 0", "; epsilon makes up for them"};
    case Kind::zero_variance:
      return {"bad-variance", Severity::info, "of exactly zero", "above 0",
              ": the input is divided by the root of epsilon alone"};
    case Kind::tiny_gamma:
      return {"extreme-gamma", Severity::warning, "so small that they are or become denormal", "0, or above 1e-30"};
    case Kind::huge_gamma: return {"extreme-gamma", Severity::warning, "above a thousand in magnitude", "below 1000"};
  }
  return {};
}

const StatisticsGap* gap_of(Evidence& evidence, const std::string& layer) {
  const auto gap = std::ranges::find(evidence.gaps(), layer, &StatisticsGap::layer);
  return gap == evidence.gaps().end() ? nullptr : &*gap;
}

/// Only if the channel varies in the data: for one that never does, a variance of 0 is right.
WeightDefect where_the_data_vary(Evidence& evidence, WeightDefect defect) {
  if (const StatisticsGap* gap = gap_of(evidence, defect.layer))
    std::erase_if(defect.channels,
                  [&](std::int64_t c) { return !(gap->data.variance[static_cast<std::size_t>(c)] > 0); });
  return defect;
}

/// The cost of scales that are too large, compared with the median of their layer.
Cost cost_of_scale(Evidence& evidence, const WeightDefect& defect) {
  Tensor gamma = Tensor::copy_of(evidence.network().weight(defect.tensor));
  const auto values = gamma.as<float>();
  std::vector<float> sorted(values.begin(), values.end());
  const auto middle = sorted.begin() + std::ssize(sorted) / 2;
  std::ranges::nth_element(sorted, middle);
  for (const std::int64_t c : defect.channels) values[static_cast<std::size_t>(c)] = *middle;
  NamedTensors usual;
  usual.emplace_back(defect.tensor, std::move(gamma));
  const SampleScores& as_it_is = evidence.evaluation();  // before the network has other weights
  const OtherWeights scaled(evidence.network(), usual);
  return cost_between(evidence.score(evidence.data()), as_it_is);
}

/// The cost of wrong variances that can still be computed with, compared with the data's variances.
Cost cost_of(Evidence& evidence, const WeightDefect& defect) {
  std::vector<LayerStatistics> mended = moving_statistics(evidence.network());
  LayerStatistics& layer = *std::ranges::find(mended, defect.layer, &LayerStatistics::layer);
  for (const std::int64_t c : defect.channels) {
    const auto at = static_cast<std::size_t>(c);
    layer.variance[at] = gap_of(evidence, defect.layer)->data.variance[at];
  }
  return cost_between(evidence.on_statistics("variances of data in " + phrase_of(defect), mended),
                      evidence.evaluation());
}

/// Evaluation with the data's statistics in place of those that give no result.
void add_outlook(Evidence& evidence, Finding& f) {
  const std::string what = " in evaluation, with the statistics of the data in these channels";
  f.evidence.push_back({"loss" + what, evidence.evaluation().mean_loss().value});
  if (const auto accuracy = evidence.evaluation().accuracy()) {
    f.evidence.push_back({"accuracy" + what, accuracy->value});
    f.evidence.push_back({"accuracy in evaluation, as it is", evidence.evaluation_as_is().accuracy()->value});
  }
}

Finding finding_of(Evidence& evidence, const WeightDefect& defect) {
  const Meaning meaning = meaning_of(defect.kind);
  const std::size_t count = defect.channels.size();
  Finding f{.code = std::string(meaning.code),
            .severity = meaning.severity,
            .layers = {defect.layer},
            .cause = defect.shown + " has values " + std::string(meaning.says) + " in " + std::to_string(count) +
                     (count == 1 ? " channel" : " channels") + " (first: " + std::to_string(defect.channels.front()) +
                     ')' + std::string(meaning.so),
            .evidence = {{defect.shown, defect.worst, "", std::string(meaning.expected)},
                         {"channels concerned", static_cast<double>(count), "", "0"}},
            .certainty = Certainty::sure("read from the weights")};
  if (defect.kind == Kind::impossible_variance) {
    if (std::isnan(evidence.evaluation_as_is().mean_loss().value)) f.cause += ": evaluation has no result (NaN)";
    add_outlook(evidence, f);
  }
  if (defect.kind == Kind::negative_variance || defect.kind == Kind::zero_variance) {
    f.cost = cost_of(evidence, defect);
  } else if (defect.kind == Kind::huge_gamma) {
    f.cost = cost_of_scale(evidence, defect);
  }
  if (f.cost && matters(*f.cost)) f.severity = Severity::error;
  return f;
}

/// Scans the weights; the data show whether a channel varies, and what a variance costs. The scan reads the original
/// weights; later measurements use substitutes.
class BadNumbers final : public Rule {
 public:
  std::string_view checks() const override {
    return "values in the weights that are NaN, infinite, negative or extreme";
  }
  bool cheap() const override { return true; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    for (WeightDefect defect : evidence.defects()) {
      if (defect.kind == Kind::zero_variance) defect = where_the_data_vary(evidence, std::move(defect));
      if (!defect.channels.empty()) findings.push_back(finding_of(evidence, defect));
    }
  }
};

}  // namespace

std::unique_ptr<Rule> bad_numbers() { return std::make_unique<BadNumbers>(); }

}  // namespace evenkeel
