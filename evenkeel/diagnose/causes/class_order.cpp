#include <algorithm>
#include <utility>

#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/measure/assignment.h"

namespace evenkeel {
namespace {

// A healthy network may take most cats for dogs, but not the dogs for cats as well: classes that are in another order
// form cycles in which each one is taken for the next.
constexpr double kLeastMoved = 0.3;         ///< of a class's samples, taken for another one
constexpr double kTimesRight = 2;           ///< predictions of the other class, as a multiple of the correct ones
constexpr std::int64_t kLeastSamples = 10;  ///< of each class that moves
constexpr double kGainErrors = 5;           ///< standard errors of what accuracy gains
constexpr std::size_t kPairsTold = 12;

struct Confusion {
  std::int64_t count = 0;                ///< of classes
  std::vector<std::int64_t> cells = {};  ///< count x count: label, and what it is taken for

  std::size_t cell(std::int64_t label, std::int64_t other) const {
    return static_cast<std::size_t>(label * count + other);
  }
  std::int64_t taken(std::int64_t label, std::int64_t other) const { return cells[cell(label, other)]; }
};

Confusion confusion_of(Evidence& evidence) {
  Confusion confusion{.count = std::max<std::int64_t>(2, evidence.network().outputs())};
  confusion.cells.assign(static_cast<std::size_t>(confusion.count * confusion.count), 0);
  const auto labels = evidence.data().y().as<std::int32_t>();
  const std::vector<float>& outputs = evidence.outputs();
  const auto k = static_cast<std::ptrdiff_t>(evidence.network().outputs());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = outputs.begin() + static_cast<std::ptrdiff_t>(i) * k;
    std::int32_t taken_for = labels[i];
    // Ties, and the threshold of a single output, are as the loss decides them.
    if (evidence.evaluation().correct[i] == 0)
      taken_for = k == 1 ? 1 - labels[i] : static_cast<std::int32_t>(std::max_element(row, row + k) - row);
    ++confusion.cells[confusion.cell(labels[i], taken_for)];
  }
  return confusion;
}

bool is_supported(const Confusion& confusion, std::int64_t label, std::int64_t other) {
  std::int64_t samples = 0;
  for (std::int64_t c = 0; c < confusion.count; ++c) samples += confusion.taken(label, c);
  const auto moved = static_cast<double>(confusion.taken(label, other));
  return samples >= kLeastSamples && moved >= kLeastMoved * static_cast<double>(samples) &&
         moved > kTimesRight * static_cast<double>(confusion.taken(label, label));
}

/// By label, what it is called in the network: the best assignment, without cycles that not all members support.
std::vector<std::int64_t> order_of(const Confusion& confusion) {
  std::vector<double> costs(confusion.cells.size());
  std::ranges::transform(confusion.cells, costs.begin(), [](std::int64_t n) { return -static_cast<double>(n); });
  std::vector<std::int64_t> order = cheapest_assignment(costs, confusion.count);
  const auto next = [&](std::int64_t label) { return order[static_cast<std::size_t>(label)]; };
  for (std::int64_t start = 0; start < confusion.count; ++start) {
    bool supported = true;
    std::int64_t label = start;
    do supported = supported && is_supported(confusion, label, next(label));
    while ((label = next(label)) != start);
    if (supported || next(start) == start) continue;
    while (next(label) != label) label = std::exchange(order[static_cast<std::size_t>(label)], label);
  }
  return order;
}

/// The samples under the labels that the network has for them.
Dataset relabelled(const Dataset& data, const std::vector<std::int64_t>& order) {
  Dataset::Parts parts{
      .name = data.name(), .x = Tensor::copy_of(data.x()), .y = Tensor::copy_of(data.y()), .class_names = {}};
  for (std::int32_t& label : parts.y.as<std::int32_t>())
    label = static_cast<std::int32_t>(order[static_cast<std::size_t>(label)]);
  return Dataset(std::move(parts));
}

std::string class_text(const Dataset& data, std::int64_t c) {
  const auto& names = data.class_names();
  const auto i = static_cast<std::size_t>(c);
  return std::to_string(c) + (i < names.size() && names[i] != std::to_string(c) ? " (" + names[i] + ')' : "");
}

class ClassOrder final : public Rule {
 public:
  std::string_view checks() const override { return "the order of the classes"; }
  std::vector<Need> needs() const override { return {Need::accuracy}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    // Samples that come otherwise than in training are taken for anything.
    if (!evidence.data().has_labels() || std::ranges::count(findings, "input-mismatch", &Finding::code) > 0) return;
    const std::vector<std::int64_t> order = order_of(confusion_of(evidence));
    if (std::ranges::is_sorted(order)) return;
    const SampleScores reordered = evidence.scorer().score(
        relabelled(evidence.data(), order), uniform_modes(evidence.network(), Statistics::moving, false));
    const Estimate gain = paired_difference(evidence.evaluation().correct, reordered.correct);
    if (!gain.above_zero_by(kGainErrors)) return;
    // A network that only statistics confuse would know its classes with better ones.
    if (!evidence.normalizations().empty() &&
        evidence.full_data().accuracy()->value > evidence.evaluation().accuracy()->value + gain.value / 2)
      return;
    findings.push_back(finding(evidence, order, reordered));
  }

 private:
  static Finding finding(Evidence& evidence, const std::vector<std::int64_t>& order, const SampleScores& reordered) {
    std::vector<std::string> moves;
    for (std::size_t label = 0; label < order.size(); ++label)
      if (const auto at = static_cast<std::int64_t>(label); order[label] != at)
        moves.push_back(class_text(evidence.data(), at) + " -> " + std::to_string(order[label]));
    const std::size_t moved = moves.size();
    if (moved > kPairsTold) {
      moves.resize(kPairsTold);
      moves.emplace_back("...");
    }
    const double before = evidence.evaluation().accuracy()->value, after = reordered.accuracy()->value;
    return {.code = "class-order",
            .severity = Severity::error,
            .layers = {evidence.model().nodes().back().layer.name()},
            .cause = "the classes of the data are in another order than the network's outputs (label -> output): " +
                     join(moves),
            .evidence = {{"accuracy as the classes are", before},
                         {"accuracy with the classes reordered", after},
                         {"classes that move", static_cast<double>(moved), "", "0"}},
            .certainty = Certainty::sure(
                "each of these classes is predicted as the next in its cycle, at least twice as often as correctly"),
            .cost = cost_between(reordered, evidence.evaluation())};
  }
};

}  // namespace

std::unique_ptr<Rule> class_order() { return std::make_unique<ClassOrder>(); }

}  // namespace evenkeel
