#include "evenkeel/diagnose/repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/measure/guessing.h"
#include "evenkeel/diagnose/measure/input_mismatch.h"
#include "evenkeel/diagnose/measure/reestimate.h"
#include "evenkeel/diagnose/measure/sample_scores.h"
#include "evenkeel/diagnose/measure/weight_scan.h"
#include "evenkeel/diagnose/repairs/methods.h"
#include "evenkeel/nn/tensor_role.h"
#include "evenkeel/train/evaluate.h"

namespace evenkeel {
namespace {

/// Two random halves of a set, because files are often sorted by class.
std::pair<Dataset, Dataset> halves_of(const Dataset& data) {
  if (data.size() < 2)
    throw Error{{.where = "data \"" + data.name() + '"',
                 .expected = "at least 2 samples, to repair by one half and score on the other",
                 .received = std::to_string(data.size()),
                 .hint = "Give other samples to score on (--validation)."}};
  const std::vector<std::uint32_t> order = epoch_order(data.size(), 0, 0);
  const auto middle = order.begin() + data.size() / 2;
  return {selected(data, {order.begin(), middle}, data.name()), selected(data, {middle, order.end()}, data.name())};
}

Metrics average_of(const Metrics& a, const Metrics& b) {
  Metrics mean{.loss = 0, .accuracy = {}, .samples = a.samples + b.samples};
  const double of_a = static_cast<double>(a.samples) / static_cast<double>(mean.samples);
  mean.loss = of_a * a.loss + (1 - of_a) * b.loss;
  if (a.accuracy && b.accuracy) mean.accuracy = of_a * *a.accuracy + (1 - of_a) * *b.accuracy;
  return mean;
}

/// The standard error of an accuracy; 0 without one.
double accuracy_error(const Metrics& m) {
  const double p = m.accuracy.value_or(0);
  return std::sqrt(p * (1 - p) / static_cast<double>(std::max<std::int64_t>(m.samples, 1)));
}

/// Judged by means alone (against_guessing has the samples): about as many correct as with the most frequent class, at
/// the loss of even odds.
bool is_near_guessing(const Metrics& m, const Guessing& guess) {
  const double loss = or_infinite(m.loss);
  if (!m.accuracy || guess.classes.empty()) return loss >= 0.97 * guess.scores.mean_loss().value;
  const double most = guess.scores.accuracy()->value;
  const bool more_right = *m.accuracy - most > std::max(3 * accuracy_error(m), 0.05 * (1 - most));
  return !more_right && loss >= 0.98 * guess.even_loss;
}

/// Applies the methods, for the whole data and for each half.
class Repair {
 public:
  Repair(Network& network, const Dataset& data, const RepairOptions& options)
      : network_(network), data_(data), options_(options), methods_(methods_named(options.fix)) {
    // Probes name values of the old network.
    plain_ = network.options();
    plain_.probes.clear();
  }

  Repaired run() {
    check();
    Repaired result{.kind = methods_.front()->kind, .input_unchecked = checked_input()};
    for (const RepairMethod* method : methods_) result.methods.push_back(method->name);
    if (needs_training() && options_.then_train == 0) {
      apply(data_, result.log);
      if (!result.log.changes.empty()) result.expected = expected_gain();
      if (result.log.changes.empty()) result.network = Draft(network_).network(plain_);
      return result;
    }
    tell("repairing");
    result.network = mended(data_, result.log);
    const bool changed = !result.log.changes.empty();
    result.trained_epochs = changed ? options_.then_train : 0;
    result.architecture_changed =
        changed && std::ranges::any_of(methods_, [](const RepairMethod* m) { return m->changes_architecture; });
    if (can_score()) result.scores = scores(*result.network);
    if (changed && result.scores && result.kind != RepairKind::exact) result.no_help = why_no_help(*result.scores);
    return result;
  }

 private:
  void check() const {
    network_.check(data_, false);
    if (options_.validation) network_.check(*options_.validation, network_.options().loss.has_value());
    if (options_.then_train > 0 && !needs_training())
      throw Error{{.where = "then_train",
                   .expected = "a method that needs training",
                   .received = fmt::format("\"{}\", which needs none", methods_.front()->name)}};
    const bool normalizes = !normalizations(network_.model()).empty();
    for (const RepairMethod* method : methods_) {
      if (method->needs_normalization && !normalizes)
        throw Error{{.where = "model \"" + network_.model().name() + '"',
                     .expected = fmt::format("a normalization for \"{}\" to work on", method->name),
                     .received = "none"}};
      if (const auto defects = defects_that_forbid(*method, network_); !defects.empty())
        throw Error{{.where = method->name,
                     .expected = "a network without defects that this would hide",
                     .received = join(defects, "; "),
                     .hint = "Mend these first: statistics with \"re-estimate\", weights with \"remove-channels\"."}};
    }
  }

  /// Why the input could not be checked; throws if the data do not match.
  std::string checked_input() const {
    if (!looks_at_data()) return {};
    const InputCheck input = check_input(network_, data_);
    if (input.mismatches)
      throw Error{{.where = methods_.front()->name,
                   .expected = "data that are prepared as in training, and weights laid out as there",
                   .received = input.what,
                   .hint = "The doctor says how they are to be prepared."}};
    return input.unchecked;
  }

  bool needs_training() const { return methods_.front()->kind == RepairKind::training; }
  bool looks_at_data() const { return methods_.front()->kind != RepairKind::exact; }
  bool can_score() const { return network_.options().loss && scored().has_targets(); }
  const Dataset& scored() const { return options_.validation ? *options_.validation : data_; }
  void tell(const std::string& what) const {
    if (options_.stage) options_.stage(what);
  }

  Draft apply(const Dataset& data, RepairLog& log) const {
    Draft draft(network_);
    const RepairContext context{data, plain_, options_.batch_size, options_.memory_bytes};
    for (const RepairMethod* method : methods_) {
      RepairLog more = method->apply(draft, context);
      std::ranges::move(more.changes, std::back_inserter(log.changes));
      std::ranges::move(more.left, std::back_inserter(log.left));
    }
    return draft;
  }

  std::unique_ptr<Network> mended(const Dataset& data, RepairLog& log) const {
    Draft draft = apply(data, log);
    if (!log.changes.empty() && options_.then_train > 0) train(draft, data);
    return draft.network(plain_);
  }

  void train(Draft& draft, const Dataset& data) const {
    TrainerOptions training = options_.training;
    training.batch_size = std::min(training.batch_size, data.size());
    Trainer trainer(draft.model(), training);
    draft.write_tensors(trainer.network());
    const History history = trainer.fit(data, {.epochs = options_.then_train, .callbacks = options_.callbacks});
    if (history.failed || history.stopped)
      throw Error{{.where = "training", .expected = "to come to its end", .received = history.reason}};
    reestimate_statistics(trainer.network(), data,
                          {.batch_size = options_.batch_size, .memory_bytes = options_.memory_bytes});
    draft.take_tensors(trainer.network());
  }

  Metrics score(Network& network, const Dataset& data) const {
    return evaluate(network, data, {.batch_size = options_.batch_size}).metrics;
  }

  RepairScores scores(Network& repaired) const {
    RepairScores result;
    tell("scoring");
    result.before = score(network_, scored());
    result.reference = reference();
    if (options_.validation || !looks_at_data()) {
      result.on = options_.validation ? RepairScores::On::validation : RepairScores::On::data;
      result.after = score(repaired, scored());
      return result;
    }
    result.on = RepairScores::On::halves;
    const auto [a, b] = halves_of(data_);
    tell("scoring: one half, repaired by the other");
    result.after = average_of(score_fitted(b, a), score_fitted(a, b));
    return result;
  }

  Metrics score_fitted(const Dataset& by, const Dataset& on) const {
    RepairLog not_told;
    return score(*mended(by, not_told), on);
  }

  std::string why_no_help(const RepairScores& s) const {
    // So few samples cannot show it.
    if (scored().size() < kFewSamples && std::isfinite(s.after.loss)) return {};
    const Guessing guess = guessing(*network_.options().loss, scored(), network_.outputs(), network_.positions());
    if (is_near_guessing(s.after, guess)) return "the repaired network is no better than guessing";
    if (!std::isfinite(s.before.loss)) return {};
    const double right = s.after.accuracy.value_or(0) - s.before.accuracy.value_or(0);
    const double error = accuracy_error(s.before) + accuracy_error(s.after);
    if (right < -error) return "fewer samples are right than before";
    return s.after.loss < s.before.loss || right > error ? "" : "the loss is no lower than before";
  }

  std::optional<Metrics> reference() const {
    Draft draft(network_);
    const auto is_parameter = [&](const std::string& tensor) { return !is_statistic(network_.model(), tensor); };
    if (draft.normalizations().empty() || std::ranges::any_of(draft.not_finite(), is_parameter)) return {};
    const auto copy = draft.network(plain_);
    reestimate_statistics(*copy, scored(), {.batch_size = options_.batch_size, .memory_bytes = options_.memory_bytes});
    return score(*copy, scored());
  }

  std::optional<ExpectedGain> expected_gain() const {
    const Gain gain = methods_.front()->gain;
    const std::optional<Metrics> full = can_score() ? reference() : std::nullopt;
    if (!full) return {};
    if (gain == Gain::variance_shift)
      return ExpectedGain{"moving statistics that dropout has shifted", score(network_, scored()), *full};
    const std::int64_t small = std::min(options_.training.batch_size, scored().size());
    const std::vector<LayerMode> modes = uniform_modes(network_, Statistics::batch, false);
    return ExpectedGain{fmt::format("statistics of batches of {}, as training has them", small),
                        evaluate(network_, scored(), {.batch_size = small, .layer_modes = modes}).metrics, *full};
  }

  Network& network_;
  const Dataset& data_;
  const RepairOptions& options_;
  std::vector<const RepairMethod*> methods_;
  NetworkOptions plain_;
};

}  // namespace

std::string name_of(RepairScores::On on) {
  switch (on) {
    case RepairScores::On::validation: return "validation";
    case RepairScores::On::halves: return "cross-fitted halves";
    case RepairScores::On::data: return "data";
  }
  return {};
}

Repaired repair(Network& network, const Dataset& data, const RepairOptions& options) {
  return Repair(network, data, options).run();
}

std::vector<std::string> defects_that_forbid(const RepairMethod& method, const Network& network) {
  std::vector<std::string> defects;
  if (method.tolerates == Tolerates::everything) return defects;
  for (const WeightDefect& defect : scan_weights(network)) {
    if (method.tolerates == Tolerates::moving_statistics && is_statistic(network.model(), defect.tensor)) continue;
    if (is_fatal(defect.kind)) defects.push_back(phrase_of(defect));
  }
  return defects;
}

}  // namespace evenkeel
