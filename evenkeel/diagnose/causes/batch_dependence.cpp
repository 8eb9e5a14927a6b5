#include <cmath>

#include "evenkeel/base/sample.h"
#include "evenkeel/diagnose/causes/rules.h"

namespace evenkeel {
namespace {

constexpr double kManyFlips =
    0.1;  ///< of the samples: from here on it matters that predictions depend on the other samples

/// How the scores of samples vary from one shuffling to the next.
struct Spread {
  double deviation = 0;  ///< of a sample's loss, over shufflings; mean over samples
  double flips = 0;      ///< the part of the samples that are right in one shuffling and wrong in another
};

Spread spread_of(const std::vector<SampleScores>& passes) {
  Spread spread;
  const auto samples = static_cast<double>(passes.front().samples());
  for (std::size_t i = 0; i < passes.front().loss.size(); ++i) {
    std::vector<double> losses;
    for (const SampleScores& pass : passes) losses.push_back(pass.loss[i]);
    spread.deviation += deviation_of(losses) / samples;
    const auto differs = [&](const SampleScores& pass) { return pass.correct[i] != passes.front().correct[i]; };
    if (!passes.front().correct.empty() && std::ranges::any_of(passes, differs)) spread.flips += 1 / samples;
  }
  return spread;
}

/// What evaluating in training mode would cost, and how much an answer then depends on its batch.
class BatchDependence final : public Rule {
 public:
  std::string_view checks() const override { return "how far a score in training mode depends on its batch"; }
  std::vector<Need> needs() const override { return {Need::normalization, Need::samples, Need::scored_samples}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const std::int64_t size = std::min(evidence.batch_size(), evidence.statistics_data().size());
    const Evidence::BatchScores scores = evidence.batches_against_data(size);
    const Spread spread = spread_of(scores.in_batches);
    // It is known that dropout costs loss.
    const Cost of_batches = cost_between(scores.full_data, mean_of_passes(scores.in_batches));
    const bool costs = matters(of_batches) && of_batches.loss.value >= kNoticedOfChance * evidence.chance_loss();
    if (spread.flips < kManyFlips && !costs) return;
    Finding f{.code = "batch-dependence",
              .severity = Severity::info,
              .cause = "evaluated in training mode, in batches of " + std::to_string(size) + ", it would ",
              .cost = of_batches};
    if (evidence.evaluation().accuracy()) {
      f.cause += "be right or wrong by its batch for " + figure(100 * spread.flips, 2) + " % of the samples";
      f.evidence.push_back(
          {"samples that are right or wrong by their batch", 100 * spread.flips, "%", "0 in evaluation mode"});
    } else {
      f.cause += "have a sample's loss deviate by " + figure(spread.deviation, 2) + " from one shuffling to the next";
    }
    f.evidence.push_back(
        {"deviation of a sample's loss over shufflings", spread.deviation, "", "0 in evaluation mode"});
    f.certainty = Certainty::sure("measured over " + std::to_string(scores.in_batches.size()) +
                                  " shufflings of the same samples, dropout off");
    findings.push_back(std::move(f));
  }
};

/// Layers without moving statistics: what evaluation says of a sample depends on the samples beside it.
class EvaluationByBatch final : public Rule {
 public:
  std::string_view checks() const override { return "whether evaluation depends on the other samples of a batch"; }
  std::vector<Need> needs() const override { return {Need::scored_samples}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const std::vector<std::string> layers = normalized_by_batch(evidence.model());
    if (layers.empty()) return;
    const std::int64_t size = evidence.batch_size();
    const std::vector<SampleScores>& in_batches = evidence.evaluation_in_batches(size);
    const Spread spread = spread_of(in_batches);
    const Cost alone = cost_between(mean_of_passes(in_batches), evidence.evaluation_alone());
    Finding f{.code = "evaluation-by-batch",
              .severity = spread.flips >= kManyFlips || matters(alone) ? Severity::warning : Severity::info,
              .layers = layers,
              .cause = layers_text(layers) + (layers.size() == 1 ? " keeps" : " keep") +
                       " no moving statistics: what evaluation says of a sample depends on its batch, and a sample "
                       "alone is another case",
              .evidence = {{"deviation of a sample's loss over shufflings in batches of " + std::to_string(size),
                            spread.deviation, "", "0"},
                           {"change of the loss for each sample alone", alone.loss.value, "", "0"}},
              .certainty = Certainty::sure("read from the model, and measured over " +
                                           std::to_string(in_batches.size()) + " shufflings and sample by sample"),
              .cost = alone};
    if (evidence.evaluation().accuracy())
      f.evidence.push_back({"samples that are right or wrong by their batch", 100 * spread.flips, "%", "0"});
    findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> evaluation_by_batch() { return std::make_unique<EvaluationByBatch>(); }

std::unique_ptr<Rule> batch_dependence() { return std::make_unique<BatchDependence>(); }

}  // namespace evenkeel
