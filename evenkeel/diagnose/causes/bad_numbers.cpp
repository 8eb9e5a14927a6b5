#include <algorithm>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/measure/weight_scan.h"

namespace evenkeel {
namespace {

struct Meaning {
  std::string_view code;
  Severity severity;
  std::string_view says;  ///< after "<tensor> has 3 channels ..."
  std::string_view expected;
};

Meaning meaning_of(WeightDefect::Kind kind) {
  using enum WeightDefect::Kind;
  switch (kind) {
    case not_finite: return {"not-finite", Severity::error, "that are NaN or infinite", "finite numbers"};
    case negative_variance: return {"bad-variance", Severity::error, "below zero", "above 0"};
    case zero_variance:
      return {"bad-variance", Severity::info, "of exactly zero: the input is divided by the root of epsilon alone",
              "above 0"};
    case tiny_gamma:
      return {"extreme-gamma", Severity::warning, "so small that they are or become denormal", "0, or above 1e-30"};
    case huge_gamma: return {"extreme-gamma", Severity::warning, "above a thousand in magnitude", "below 1000"};
  }
  return {};
}

/// Where the channel does vary in the data: of one that never does, a variance of 0 is the truth.
WeightDefect where_the_data_vary(Evidence& evidence, WeightDefect defect) {
  const auto gap = std::ranges::find(evidence.gaps(), defect.layer, &StatisticsGap::layer);
  if (gap == evidence.gaps().end()) return defect;
  std::erase_if(defect.channels,
                [&](std::int64_t c) { return !(gap->data.variance[static_cast<std::size_t>(c)] > 0); });
  return defect;
}

/// Scans the weights; of the data, only whether a channel varies. The scan sees them as they are; whatever measures
/// afterwards sees substitutes.
class BadNumbers final : public Rule {
 public:
  std::string_view checks() const override {
    return "values in the weights that are NaN, infinite, negative or extreme";
  }
  bool cheap() const override { return true; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    for (WeightDefect defect : evidence.defects()) {
      if (defect.kind == WeightDefect::Kind::zero_variance) defect = where_the_data_vary(evidence, std::move(defect));
      if (defect.channels.empty()) continue;
      const Meaning meaning = meaning_of(defect.kind);
      const std::string count = std::to_string(defect.channels.size());
      findings.push_back({.code = std::string(meaning.code),
                          .severity = meaning.severity,
                          .layers = {defect.layer},
                          .cause = defect.tensor + " has values " + std::string(meaning.says) + " in " + count +
                                   (defect.channels.size() == 1 ? " channel" : " channels") +
                                   " (first: " + std::to_string(defect.channels.front()) + ')',
                          .evidence = {{defect.tensor, defect.worst, "", std::string(meaning.expected)},
                                       {"channels concerned", static_cast<double>(defect.channels.size()), "", "0"}},
                          .certainty = Certainty::sure("read from the weights")});
    }
  }
};

}  // namespace

std::unique_ptr<Rule> bad_numbers() { return std::make_unique<BadNumbers>(); }

}  // namespace evenkeel
