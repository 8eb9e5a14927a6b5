#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/causes/rules.h"

namespace evenkeel {
namespace {

/// As a part of the loss with full-data statistics. In healthy networks batches of 32 stay far below it, unless that
/// loss is very small; therefore also as a part of the loss of guessing.
constexpr double kNoisy = 0.25;
constexpr double kFarBeyondNoise = 10;  ///< standard errors
constexpr double kLittle = 0.05;        ///< of that loss: what larger batches may still cost
constexpr double kLargeBatch = 1024;

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
    const std::size_t shufflings = scores.in_batches.size();
    const Cost cost = cost_between(scores.full_data, mean_of_passes(scores.in_batches));
    if (cost.relative_loss <= kNoisy || !cost.loss.above_zero_by(3)) return;
    if (cost.loss.value < kNoticedOfChance * evidence.chance_loss()) return;
    const std::string how = "measured over " + std::to_string(shufflings) + " shufflings of the same samples";
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
    for (const Normalization& n : evidence.normalizations())
      if (!n.frozen) f.layers.push_back(n.name);
    f.remedy = remedy(static_cast<double>(size), cost.relative_loss);
    findings.push_back(std::move(f));
  }

 private:
  /// The variance of a batch's statistics, and so what they cost, falls as 1 / batch size. Nothing of its own if no
  /// usual batch is large enough.
  static Remedy remedy(double size, double relative_loss) {
    const double enough = std::exp2(std::ceil(std::log2(size * relative_loss / kLittle)));
    if (!(enough <= kLargeBatch)) return {};
    const std::string batch = figure(enough, 6);
    return {.advice = "Train with larger batches: their noise falls as 1 / size, so about " + batch +
                      " samples would leave " + figure(100 * kLittle, 2) +
                      " %. Or use a normalization that does not look at the batch.",
            .keras = "model.fit(x, y, batch_size=" + batch + ")  # or GroupNormalization(groups=8)",
            .pytorch = "DataLoader(data, batch_size=" + batch + ", shuffle=True)  # or nn.GroupNorm(8, c)"};
  }
};

}  // namespace

std::unique_ptr<Rule> small_batch() { return std::make_unique<SmallBatch>(); }

}  // namespace evenkeel
