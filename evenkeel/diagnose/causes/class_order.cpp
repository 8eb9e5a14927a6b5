#include <algorithm>
#include <iterator>
#include <utility>

#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/measure/assignment.h"
#include "evenkeel/diagnose/measure/input_mismatch.h"

namespace evenkeel {
namespace {

// A healthy network may predict most cats as dogs, but then not most dogs as cats. Classes in another order form cycles
// in which each one is predicted as the next. If the data lack a class or have one more, they form chains of at least
// two such steps, whose last class has no samples or is never recognised.
constexpr double kLeastMoved = 0.3;         ///< of a class's samples, predicted as another class
constexpr double kTimesRight = 2;           ///< predictions of the other class, as a multiple of the correct ones
constexpr std::int64_t kLeastSamples = 10;  ///< of each class that moves
constexpr double kGainErrors = 5;           ///< standard errors of what accuracy gains
constexpr std::int64_t kLeastSteps = 2;     ///< steps of a chain
constexpr double kLeastMovedInChain = 0.5;  ///< higher, because no other step confirms a step of a chain
/// Of the way from the share of the most frequent class to 1: what an order must reach that does not explain all.
constexpr double kPartRight = 0.25;
constexpr std::int64_t kSamplesInOrder = 512;  ///< for a second look, with the classes in order
constexpr std::size_t kPairsTold = 12;

struct Confusion {
  std::int64_t count = 0;                ///< number of classes
  std::vector<std::int64_t> cells = {};  ///< count x count: label by predicted class

  std::size_t cell(std::int64_t label, std::int64_t other) const {
    return static_cast<std::size_t>(label * count + other);
  }
  std::int64_t taken(std::int64_t label, std::int64_t other) const { return cells[cell(label, other)]; }
};

/// The evaluated data, perhaps corrected, and the network's answers.
struct Answers {
  Dataset data;
  SampleScores scores;
  std::vector<float> outputs;
};

Answers answers_of(Evidence& evidence, const Mismatch* mismatch) {
  if (!mismatch) return {evidence.data(), evidence.evaluation(), evidence.outputs()};
  Answers answers{.data = mismatch->corrected_data(evidence.data()), .scores = {}, .outputs = {}};
  answers.scores = evidence.score(answers.data, answers.outputs);
  return answers;
}

Confusion confusion_of(const Answers& answers, std::int64_t outputs) {
  Confusion confusion{.count = std::max<std::int64_t>(2, outputs)};
  confusion.cells.assign(static_cast<std::size_t>(confusion.count * confusion.count), 0);
  const auto labels = answers.data.y().as<std::int32_t>();
  const auto k = static_cast<std::ptrdiff_t>(outputs);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = answers.outputs.begin() + static_cast<std::ptrdiff_t>(i) * k;
    std::int32_t taken_for = labels[i];
    // Ties, and the threshold of a single output, are as the loss decides them.
    if (answers.scores.correct[i] == 0)
      taken_for = k == 1 ? 1 - labels[i] : static_cast<std::int32_t>(std::max_element(row, row + k) - row);
    ++confusion.cells[confusion.cell(labels[i], taken_for)];
  }
  return confusion;
}

std::int64_t samples_of(const Confusion& confusion, std::int64_t label) {
  std::int64_t samples = 0;
  for (std::int64_t c = 0; c < confusion.count; ++c) samples += confusion.taken(label, c);
  return samples;
}

bool is_supported(const Confusion& confusion, std::int64_t label, std::int64_t other, double least_moved) {
  const std::int64_t samples = samples_of(confusion, label);
  const auto moved = static_cast<double>(confusion.taken(label, other));
  return samples >= kLeastSamples && moved >= least_moved * static_cast<double>(samples) &&
         moved > kTimesRight * static_cast<double>(confusion.taken(label, label));
}

/// A cycle that the assignment has made, as its members support it.
struct Cycle {
  std::int64_t length = 0, steps = 0, strong_steps = 0, empty = 0;
  std::int64_t unknown = 0;  ///< classes with samples that are hardly ever recognised

  bool is_closed() const { return steps == length; }
  /// Classes without samples may be anywhere in a cycle of the assignment.
  bool is_chain() const {
    return strong_steps >= kLeastSteps && unknown <= 1 && strong_steps + empty + unknown == length;
  }
};

Cycle cycle_of(const Confusion& confusion, const std::vector<std::int64_t>& order, std::int64_t start) {
  Cycle cycle;
  std::int64_t label = start;
  do {
    const std::int64_t next = order[static_cast<std::size_t>(label)], samples = samples_of(confusion, label);
    ++cycle.length;
    cycle.steps += is_supported(confusion, label, next, kLeastMoved) ? 1 : 0;
    if (samples == 0)
      ++cycle.empty;
    else if (is_supported(confusion, label, next, kLeastMovedInChain))
      ++cycle.strong_steps;
    else if (static_cast<double>(confusion.taken(label, label)) < kLeastMoved * static_cast<double>(samples))
      ++cycle.unknown;
    label = next;
  } while (label != start);
  return cycle;
}

/// By label, what it is called in the network: the best assignment, without cycles that their members do not support.
std::vector<std::int64_t> order_of(const Confusion& confusion) {
  std::vector<double> costs(confusion.cells.size());
  std::ranges::transform(confusion.cells, costs.begin(), [](std::int64_t n) { return -static_cast<double>(n); });
  std::vector<std::int64_t> order = cheapest_assignment(costs, confusion.count);
  const auto next = [&](std::int64_t label) { return order[static_cast<std::size_t>(label)]; };
  for (std::int64_t start = 0; start < confusion.count; ++start) {
    if (next(start) == start) continue;
    const Cycle cycle = cycle_of(confusion, order, start);
    if (cycle.is_closed() || cycle.is_chain()) continue;
    std::int64_t label = start;
    while (next(label) != label) label = std::exchange(order[static_cast<std::size_t>(label)], label);
  }
  return order;
}

/// Whether some of it is a chain, which fewer steps confirm.
bool has_chain(const Confusion& confusion, const std::vector<std::int64_t>& order) {
  for (std::int64_t label = 0; label < confusion.count; ++label)
    if (order[static_cast<std::size_t>(label)] != label && !cycle_of(confusion, order, label).is_closed()) return true;
  return false;
}

std::string class_text(const std::vector<std::string>& names, std::int64_t c) {
  const auto i = static_cast<std::size_t>(c);
  return std::to_string(c) + (i < names.size() && names[i] != std::to_string(c) ? " (" + names[i] + ')' : "");
}

/// "3 (cat) -> 5 (dog)": classes with samples that move, and what the network calls them.
std::vector<std::string> moves_of(Evidence& evidence, const Confusion& confusion,
                                  const std::vector<std::int64_t>& order) {
  const std::vector<std::string> known =
      evidence.has_train_data() ? evidence.whole_train_data().class_names() : std::vector<std::string>();
  std::vector<std::string> moves;
  for (std::int64_t label = 0; label < confusion.count; ++label)
    if (const std::int64_t to = order[static_cast<std::size_t>(label)]; to != label && samples_of(confusion, label) > 0)
      moves.push_back(class_text(evidence.whole_data().class_names(), label) + " -> " + class_text(known, to));
  return moves;
}

class ClassOrder final : public Rule {
 public:
  std::string_view checks() const override { return "the order of the classes"; }
  std::vector<Need> needs() const override { return {Need::accuracy}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    if (!evidence.data().has_labels()) return;
    // If samples are prepared differently, predictions mean nothing; after the correction they do.
    const Mismatch* mismatch = nullptr;
    if (std::ranges::count(findings, "input-mismatch", &Finding::code) > 0) mismatch = evidence.mismatch();
    if (std::ranges::count(findings, "weight-layout", &Finding::code) > 0) return;
    if (mismatch && mismatch->is_complete) return;
    const Answers answers = answers_of(evidence, mismatch);
    const Confusion confusion = confusion_of(answers, evidence.network().outputs());
    const std::vector<std::int64_t> order = order_of(confusion);
    if (std::ranges::is_sorted(order) || names_unseen_classes(evidence, confusion, order)) return;
    const Dataset renamed =
        answers.data.relabelled({order.begin(), order.end()}, std::vector<std::string>(order.size()));
    const SampleScores reordered = evidence.score(renamed);
    const Estimate gain = paired_difference(answers.scores.correct, reordered.correct);
    if (!gain.above_zero_by(kGainErrors)) return;
    // If wrong statistics cause the confusion, it disappears with better ones.
    if (!mismatch && !evidence.normalizations().empty() &&
        evidence.full_data().accuracy()->value > answers.scores.accuracy()->value + gain.value / 2)
      return;
    const bool is_near = Yardstick(evidence).is_near(reordered);
    const std::vector<Finding> more = mismatch || is_near ? std::vector<Finding>() : input_again(evidence, renamed);
    // Some order is always a little better than none.
    const double guess = evidence.guessing().scores.accuracy()->value;
    const bool is_little = more.empty() && reordered.accuracy()->value < guess + kPartRight * (1 - guess);
    if (!is_near && (is_little || has_chain(confusion, order))) return;
    findings.push_back(finding(evidence, moves_of(evidence, confusion, order), answers.scores, reordered, is_near));
    std::ranges::copy(more, std::back_inserter(findings));
  }

 private:
  /// Whether samples would be of a class that training does not have; then nothing shows what they are.
  static bool names_unseen_classes(Evidence& evidence, const Confusion& confusion,
                                   const std::vector<std::int64_t>& order) {
    const std::vector<std::int32_t>& seen = evidence.train_guessing().classes;
    if (!evidence.has_train_data()) return false;
    for (std::int64_t label = 0; label < confusion.count; ++label) {
      const std::int64_t to = order[static_cast<std::size_t>(label)];
      if (to != label && samples_of(confusion, label) > 0 && std::ranges::count(seen, to) == 0) return true;
    }
    return false;
  }

  /// Once the classes are in order, loss and accuracy show how the samples are prepared.
  static std::vector<Finding> input_again(Evidence& evidence, const Dataset& renamed) {
    Subject subject{.data = renamed, .records = evidence.records(), .samples = kSamplesInOrder};
    if (evidence.has_train_data()) subject.train_data = evidence.train_data();
    Evidence again(evidence.network(), std::move(subject));
    if (!why_not(*input_mismatch(), again).empty()) return {};
    std::vector<Finding> more;
    input_mismatch()->judge(again, more);
    evidence.add_passes_of(again);
    for (Finding& f : more) f.cause += " (measured with the classes in order)";
    return more;
  }

  static Finding finding(Evidence& evidence, std::vector<std::string> moves, const SampleScores& as_they_are,
                         const SampleScores& reordered, bool is_near) {
    const std::size_t moved = moves.size();
    if (moved > kPairsTold) {
      moves.resize(kPairsTold);
      moves.emplace_back("...");
    }
    const double before = as_they_are.accuracy()->value, after = reordered.accuracy()->value;
    Finding f{.code = "class-order",
              .severity = Severity::error,
              .layers = {evidence.model().name_of(evidence.model().output())},
              .cause = "the classes of the data are in another order than the network's outputs (label -> output): " +
                       join(moves),
              .evidence = {{"accuracy as the classes are", before},
                           {"accuracy with the classes reordered", after},
                           {"classes that move", static_cast<double>(moved), "", "0"}},
              .certainty = Certainty::sure(
                  "each of these classes is predicted as the next one of them, at least twice as often as correctly"),
              .cost = cost_between(reordered, as_they_are)};
    if (!is_near) {
      f.cause += "; that does not explain all: the loss is then " + figure(reordered.mean_loss().value) + ", not yet " +
                 Yardstick(evidence).text();
      f.certainty.level = Confidence::likely;
      f.certainty.unseen = {"a difference of the samples that is not among what was tried", "overfitting"};
    }
    return f;
  }
};

}  // namespace

std::unique_ptr<Rule> class_order() { return std::make_unique<ClassOrder>(); }

}  // namespace evenkeel
