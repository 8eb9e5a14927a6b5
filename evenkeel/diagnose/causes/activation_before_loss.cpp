#include <algorithm>
#include <cmath>
#include <limits>

#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/causes/flat_scores.h"
#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/measure/graph.h"
#include "evenkeel/diagnose/measure/guessing.h"

namespace evenkeel {
namespace {

constexpr std::int64_t kFewOfAClass = 5;  ///< with fewer samples of a class one cannot see whether it is lost
constexpr std::size_t kLostNamed = 10;
/// The least cost of outputs that cannot reach their targets, as a part of the loss of guessing.
constexpr double kOutOfReach = 0.1;

/// The range of an activation.
struct Reach {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};

using ActivationKind = ActivationFunction::Kind;

Reach reach_of(const ActivationFunction& f) {
  if (f.is_softmax) return f.is_log ? Reach{.high = 0} : Reach{.low = 0, .high = 1};
  switch (f.element.kind) {
    case ActivationKind::relu:
    case ActivationKind::softplus: return {.low = 0};
    case ActivationKind::elu: return {.low = -f.element.a};
    case ActivationKind::selu: return {.low = -kernels::kSeluScale * kernels::kSeluAlpha};
    case ActivationKind::sigmoid:
    case ActivationKind::hard_sigmoid: return {.low = 0, .high = 1};
    case ActivationKind::tanh:
    case ActivationKind::softsign: return {.low = -1, .high = 1};
    case ActivationKind::clip: return {.low = f.element.a, .high = f.element.b};
    // The lowest points of these, near -0.75, -0.75, -1.28, -1.19 and at -1.5.
    case ActivationKind::gelu:
    case ActivationKind::gelu_tanh: return {.low = -0.17};
    case ActivationKind::silu: return {.low = -0.2785};
    case ActivationKind::mish: return {.low = -0.3089};
    case ActivationKind::hard_swish: return {.low = -0.375};
    case ActivationKind::linear:
    case ActivationKind::leaky_relu: return {};
  }
  return {};
}

/// Whether logits are only limited below, by a slope that is never 0.
bool is_soft(const ActivationFunction& f) {
  return f.is(ActivationKind::elu) || f.is(ActivationKind::selu) || f.is(ActivationKind::softplus);
}

/// Whether it makes every number below some other exactly 0, where no gradient passes.
bool cuts_to_zero(const ActivationFunction& f) {
  return f.is(ActivationKind::relu) || f.is(ActivationKind::hard_sigmoid) ||
         (f.is(ActivationKind::clip) && f.element.a == 0);
}

struct Bend {
  std::string layer;
  ActivationFunction function = ActivationFunction::linear;
};

/// The activation before the loss, unless the loss undoes it; softmax has rules of its own.
std::optional<Bend> bend_before_loss(Evidence& evidence, const Loss& loss) {
  const Model& model = evidence.model();
  for (const int i : layers_before_loss(model)) {
    const Layer& layer = model.nodes()[static_cast<std::size_t>(i)].layer;
    const ActivationFunction f = layer.traits().activation;
    const bool undone = f == ActivationFunction::sigmoid && scores_of(loss) == Scores::sigmoid &&
                        evidence.network().is_undone_by_loss(i);
    const bool of_others = f.is_softmax && scores_of(loss) != Scores::outputs;
    if (f != ActivationFunction::linear && !undone && !of_others) return Bend{layer.name(), f};
  }
  return {};
}

std::string name_of_class(const Dataset& data, std::int64_t c) {
  const auto& names = data.class_names();
  const std::string number = std::to_string(c);
  if (c >= std::ssize(names) || names[static_cast<std::size_t>(c)] == number) return number;
  return number + " (\"" + names[static_cast<std::size_t>(c)] + "\")";
}

/// Classes that have samples, but not a correct one.
std::vector<std::string> lost_classes(Evidence& evidence) {
  if (!evidence.data().has_labels()) return {};
  std::vector<std::string> lost;
  for (const ClassScore& c : class_scores(evidence.evaluation(), evidence.guessing().classes))
    if (c.samples >= kFewOfAClass && c.recall == 0) lost.push_back(name_of_class(evidence.data(), c.label));
  return lost;
}

/// How many outputs are at the low end of the range for every sample.
std::int64_t stuck_outputs(Evidence& evidence, double low) {
  const std::vector<float>& outputs = evidence.outputs();
  const auto k = static_cast<std::size_t>(evidence.network().outputs());
  std::vector<bool> moves(k);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (!(double{outputs[i]} <= low)) moves[i % k] = true;
  return std::ranges::count(moves, false);
}

std::string classes_text(std::vector<std::string> classes) {
  const std::size_t more = classes.size() - std::min(classes.size(), kLostNamed);
  classes.resize(classes.size() - more);
  return (classes.size() == 1 ? "class " : "classes ") + join(classes) +
         (more > 0 ? " and " + std::to_string(more) + " more" : "");
}

/// No activation may be between the last linear layer and the loss, because losses are computed from logits, which have
/// both signs.
class ActivationBeforeLoss final : public Rule {
 public:
  std::string_view checks() const override { return "an activation between the last linear layer and the loss"; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const Loss& loss = evidence.network().loss();
    const std::optional<Bend> bend = bend_before_loss(evidence, loss);
    if (!bend || reach_of(bend->function).low == Reach().low) return;
    Finding f{.code = "activation-before-loss",
              .layers = {bend->layer},
              .cause = {},
              .certainty = Certainty::sure("read from the model")};
    if (scores_of(loss) == Scores::outputs) {
      if (!judge_targets(evidence, *bend, f)) return;
    } else {
      judge_scores(evidence, *bend, f);
    }
    findings.push_back(std::move(f));
  }

 private:
  /// Judges logits of a softmax or a sigmoid.
  static void judge_scores(Evidence& evidence, const Bend& bend, Finding& f) {
    const Reach reach = reach_of(bend.function);
    const bool softmax = scores_of(evidence.network().loss()) == Scores::softmax;
    f.cause = bend.layer + " applies a " + name_of(bend.function) + " before the loss, which takes logits of any sign";
    f.severity = is_soft(bend.function) ? Severity::info : Severity::warning;
    if (std::isfinite(reach.high)) {
      f.cause += softmax ? ": no score can be more than " + figure(std::exp(reach.high - reach.low)) + " times another"
                         : ": no score can be below " + figure(1 / (1 + std::exp(-reach.low))) + " or above " +
                               figure(1 / (1 + std::exp(-reach.high)));
      if (softmax && evidence.data().has_labels())
        weigh_flat_scores(evidence, !evidence.network().is_undone_by_loss(evidence.model().find(bend.layer)), f);
    } else if (!softmax) {
      f.cause += ": no score can be below " + figure(1 / (1 + std::exp(-reach.low)));
    }
    if (!softmax && reach.low >= -1 && !is_soft(bend.function)) f.severity = Severity::error;
    if (cuts_to_zero(bend.function)) add_lost(evidence, f);
  }

  /// Outputs that a relu or the like has cut off for good: no gradient passes where it is 0.
  static void add_lost(Evidence& evidence, Finding& f) {
    const std::int64_t stuck = stuck_outputs(evidence, 0);
    const std::vector<std::string> lost = lost_classes(evidence);
    if (stuck > 0) f.evidence.push_back({"outputs that are 0 for every sample", static_cast<double>(stuck), "", "0"});
    if (!lost.empty()) {
      f.evidence.push_back(
          {"classes that are never chosen where they are right", static_cast<double>(lost.size()), "", "0"});
      f.cause += ": " + classes_text(lost) + (lost.size() == 1 ? " is" : " are") + " never chosen";
    }
    if (stuck > 0 || !lost.empty()) f.severity = Severity::error;
  }

  /// Judges outputs of a regression. Returns false if all targets can be reached and no output is cut off.
  static bool judge_targets(Evidence& evidence, const Bend& bend, Finding& f) {
    if (evidence.data().has_labels()) return false;
    const Reach reach = reach_of(bend.function);
    const auto targets = evidence.data().y().as<float>();
    double outside = 0, squares = 0;
    for (const double t : targets) {
      const double beyond = std::max({reach.low - t, t - reach.high, 0.0});
      outside += beyond > 0;
      squares += beyond * beyond;
    }
    const std::int64_t stuck = cuts_to_zero(bend.function) ? stuck_outputs(evidence, 0) : 0;
    if (outside == 0 && stuck == 0) return false;
    const auto n = static_cast<double>(targets.size());
    f.cause = bend.layer + " applies a " + name_of(bend.function) + " last";
    if (outside > 0) {
      f.cause += ", which cannot reach " + figure(100 * outside / n, 2) + " % of the targets";
      f.evidence.push_back({"the least loss that is possible", squares / n, "", "0"});
    }
    if (stuck > 0) {
      f.cause += ": " + std::to_string(stuck) + (stuck == 1 ? " output is" : " outputs are") + " 0 for every sample";
      f.evidence.push_back({"outputs that are 0 for every sample", static_cast<double>(stuck), "", "0"});
    }
    const bool costs = squares / n >= kOutOfReach * evidence.chance_loss() || stuck > 0;
    f.severity = costs ? Severity::error : Severity::warning;
    return true;
  }
};

}  // namespace

std::unique_ptr<Rule> activation_before_loss() { return std::make_unique<ActivationBeforeLoss>(); }

}  // namespace evenkeel
