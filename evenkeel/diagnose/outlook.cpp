#include "evenkeel/diagnose/outlook.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "evenkeel/base/error.h"
#include "evenkeel/diagnose/codes.h"
#include "evenkeel/diagnose/repair.h"
#include "evenkeel/diagnose/repairs/methods.h"

namespace evenkeel {
namespace {

/// A change of loss or accuracy below so many paired standard errors does not count.
constexpr double kChangeErrors = 2;

constexpr const char* kStillGuesses = "the network would still be no better than guessing";

RepairOutlook between(const SampleScores& now, const SampleScores& after, const std::string& how) {
  return {.loss = now.mean_loss(),
          .loss_after = after.mean_loss(),
          .accuracy = now.accuracy(),
          .accuracy_after = after.accuracy(),
          .how = how};
}

/// Why the repair does not help, as a clause; empty if it helps.
std::string why_not(const SampleScores& now, const SampleScores& after, const Guessing& guessing) {
  if (against_guessing(after, guessing) == AgainstGuessing::guessing) return kStillGuesses;
  if (!std::isfinite(now.mean_loss().value)) return {};
  const Cost change = cost_between(after, now);
  const auto better = [](const Estimate& e) { return e.above_zero_by(kChangeErrors); };
  const auto reversed = [](const Estimate& e) { return Estimate{-e.value, e.error}; };
  const bool less_right = change.accuracy && better(*change.accuracy),
             more_right = change.accuracy && better(reversed(*change.accuracy));
  if (less_right || (better(reversed(change.loss)) && !more_right)) return "the network would be worse than now";
  return better(change.loss) || more_right ? "" : "it would change nothing that can be measured";
}

const RepairMethod* method_of(const Finding& f) {
  const std::string name = method_for(f.code);
  return name.empty() || !f.consequence_of.empty() ? nullptr : methods_named(name).front();
}

/// Repairs of values that are not finite are tried on the original weights; evidence has substitutes.
bool must_be_tried(const RepairMethod& method) {
  return method.kind == RepairKind::exact && method.tolerates == Tolerates::everything;
}

RepairOutlook of_exact(Evidence& evidence) {
  RepairOutlook outlook = between(evidence.evaluation(), evidence.evaluation(), "(the outputs stay the same)");
  if (against_guessing(evidence.evaluation(), evidence.guessing()) == AgainstGuessing::guessing)
    outlook.why_not = kStillGuesses;
  return outlook;
}

/// Why statistics of these data would be useless; empty if they would not.
std::string why_not_estimate(Evidence& evidence, const std::vector<Finding>& findings) {
  const auto is_found = [&](std::string_view code) {
    return std::ranges::any_of(findings,
                               [&](const Finding& f) { return f.code == code && f.severity > Severity::info; });
  };
  if (!evidence.has_train_data() && is_found("input-mismatch")) return "the data are not prepared as in training";
  if (is_found("weight-layout")) return "the weights are laid out for another program";
  if (is_found("unusual-samples")) return "a few unusual samples of the data would spoil them again";
  return {};
}

RepairOutlook of_statistics(Evidence& evidence, const std::vector<Finding>& findings) {
  RepairOutlook outlook = between(evidence.evaluation_as_is(), evidence.full_data(), "with statistics of all data");
  outlook.why_not = why_not_estimate(evidence, findings);
  if (outlook.why_not.empty())
    outlook.why_not = why_not(evidence.evaluation_as_is(), evidence.full_data(), evidence.guessing());
  return outlook;
}

/// Training must follow. Its gain is at most what batches as small as those of training cost.
RepairOutlook of_training(Evidence& evidence) {
  const std::int64_t size = std::min(evidence.batch_size(), evidence.statistics_data().size());
  const Evidence::BatchScores scores = evidence.batches_against_data(size);
  const SampleScores batches = mean_of_passes(scores.in_batches);
  RepairOutlook outlook = between(batches, scores.full_data, "from statistics of batches to those of all data");
  outlook.why_not =
      why_not(batches, scores.full_data,
              &evidence.statistics_data() == &evidence.data() ? evidence.guessing() : evidence.train_guessing());
  return outlook;
}

RepairOutlook of_trial(Network& network, const Dataset& sample, const RepairMethod& method) {
  const auto scores_of = [&](Network& of) {
    Scorer scorer(
        of, Network::targets_of(sample),
        batch_that_fits(of.model(), {.loss = of.options().loss}, std::min(kScoredAtOnce, sample.size()), kBatchBytes));
    return scorer.score(sample, uniform_modes(of, Statistics::moving, false));
  };
  const SampleScores now = scores_of(network);
  RepairOutlook outlook = between(now, now, "with these values removed");
  try {
    Draft draft(network);
    NetworkOptions plain = network.options();
    plain.probes.clear();
    method.apply(draft, {sample, plain});
    const SampleScores after = scores_of(*draft.network(plain));
    outlook = between(now, after, "with these values removed");
    const Guessing guess = guessing(*network.options().loss, sample, network.outputs(), network.positions());
    if (against_guessing(after, guess) == AgainstGuessing::guessing) outlook.why_not = kStillGuesses;
  } catch (const Error& error) {
    outlook.why_not = error.what();
  }
  return outlook;
}

}  // namespace

void add_outlooks(Evidence& evidence, std::vector<Finding>& findings) {
  for (Finding& f : findings) {
    const RepairMethod* method = method_of(f);
    if (!method) continue;
    if (method->kind == RepairKind::training) f.outlook = of_training(evidence);
    if (method->kind == RepairKind::statistics) f.outlook = of_statistics(evidence, findings);
    if (method->kind == RepairKind::exact && !must_be_tried(*method)) f.outlook = of_exact(evidence);
  }
}

void add_tried_outlooks(Network& network, const Dataset& sample, std::vector<Finding>& findings) {
  std::map<const RepairMethod*, RepairOutlook> tried;  // each once: a method repairs all layers that need it
  for (Finding& f : findings) {
    const RepairMethod* method = method_of(f);
    if (!method || !must_be_tried(*method)) continue;
    const auto [outlook, is_new] = tried.try_emplace(method);
    if (is_new) outlook->second = of_trial(network, sample, *method);
    f.outlook = outlook->second;
  }
}

}  // namespace evenkeel
