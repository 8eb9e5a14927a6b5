#include <algorithm>

#include "evenkeel/diagnose/causes/rules.h"

namespace evenkeel {
namespace {

/// As a part of the loss with full-data statistics. In healthy networks batches of 32 stay far below it, unless that
/// loss is very small; therefore also as a part of the loss of guessing.
constexpr double kNoisy = 0.25;
constexpr double kFarBeyondNoise = 10;  ///< standard errors

/// Statistics of a batch are estimates; of a small one, poor ones.
class SmallBatch final : public Rule {
 public:
  std::string_view checks() const override { return "the batch size against what the normalizations need"; }
  std::vector<Need> needs() const override { return {Need::normalization, Need::samples, Need::batch_size}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const std::int64_t size = *evidence.records().batch_size;
    if (size > evidence.statistics_data().size()) return;                         // not small
    if (std::ranges::count(findings, "small-batch", &Finding::code) > 0) return;  // so small that the model tells
    const Evidence::BatchScores scores = evidence.batches_against_data(size);
    const Cost cost = cost_between(scores.full_data, mean_of_passes(scores.in_batches));
    if (cost.relative_loss <= kNoisy || !cost.loss.above_zero_by(3)) return;
    if (cost.loss.value < kNoticedOfChance * evidence.chance_loss()) return;
    const std::string how = "measured over " + std::to_string(Evidence::kPasses) + " shufflings of the same samples";
    const double loss = scores.full_data.mean_loss().value;
    Finding f{
        .code = "small-batch",
        .severity = Severity::warning,
        .cause = "batches of " + std::to_string(size) + " are too small for batch normalization: their own " +
                 "statistics raise the loss by " + figure(100 * cost.relative_loss, 2) + " % over those of all data",
        .evidence = {{"batch size", static_cast<double>(size), "samples", "larger"},
                     {"loss on statistics of batches", loss + cost.loss.value, "", "at most 25 % above the next line"},
                     {"loss on statistics of all data", loss}},
        .certainty = cost.loss.above_zero_by(kFarBeyondNoise) ? Certainty::sure(how) : Certainty::likely(how),
        .cost = cost};
    for (const Normalization& n : evidence.normalizations()) f.layers.push_back(n.name);
    findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> small_batch() { return std::make_unique<SmallBatch>(); }

}  // namespace evenkeel
