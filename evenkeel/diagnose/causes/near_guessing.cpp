#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/codes.h"

namespace evenkeel {
namespace {

// Without the finding that explains why it guesses, a network is at least so much better than guessing.
constexpr double kLessLoss = 0.98, kMoreRight = 0.05;

bool is_of_statistics(const Finding& f) { return code_info(f.code).of_statistics != OfStatistics::no; }

/// Whether the network would be better than guessing without a finding whose cost was measured.
bool works_without(const Finding& f, Evidence& evidence) {
  const Guessing& guess = evidence.guessing();
  const double loss = evidence.evaluation().mean_loss().value - f.cost->loss.value;
  const bool less_loss = loss < kLessLoss * guess.scores.mean_loss().value;
  const auto accuracy = evidence.evaluation().accuracy();
  if (!accuracy || !f.cost->accuracy || guess.scores.correct.empty()) return less_loss;
  const double guessed = guess.scores.accuracy()->value, right = accuracy->value - f.cost->accuracy->value;
  return less_loss || (right >= guessed + kMoreRight * (1 - guessed) && loss < guess.even_loss);
}

/// Whether no network works with such a finding, whatever it costs.
bool nothing_works_with(const Finding& f) {
  if (f.code == "exploding-gradient" || f.code == "vanishing-gradient") return true;
  return f.severity == Severity::error && !is_of_statistics(f) && f.code != "record-differs";
}

/// The finding that explains why the network guesses: an error without which it works, or with which no network works.
const Finding* explanation(const std::vector<Finding>& findings, Evidence& evidence) {
  const Finding* found = nullptr;
  for (const Finding& f : findings) {
    if (!f.consequence_of.empty() || f.severity == Severity::info) continue;
    const bool explains = f.cost ? works_without(f, evidence) : nothing_works_with(f);
    if (explains && (!found || f.severity > found->severity)) found = &f;
  }
  return found;
}

std::string scores_text(const SampleScores& scores) {
  const auto accuracy = scores.accuracy();
  return "loss " + figure(scores.mean_loss().value) + (accuracy ? ", accuracy " + figure(accuracy->value) : "");
}

/// The lowest level: a network that is no better than an answer without looking at the sample.
class NearGuessing final : public Rule {
 public:
  std::string_view checks() const override { return "loss and accuracy against guessing, in both modes"; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const AgainstGuessing now = against_guessing(evidence.evaluation(), evidence.guessing());
    if (now == AgainstGuessing::better) return;
    const bool both_modes = now == AgainstGuessing::guessing && guesses_in_training_mode(evidence);
    const Finding* why = explanation(findings, evidence);
    Finding f{.code = "near-guessing",
              .severity = now == AgainstGuessing::guessing ? Severity::error : Severity::warning,
              .cause = cause_of(evidence, now, both_modes),
              .certainty = certainty_of(evidence, now)};
    add_facts(evidence, f);
    if (why) {
      f.consequence_of = why->code;
      f.severity = Severity::info;
    }
    if (both_modes) step_back(findings);
    findings.push_back(std::move(f));
  }

 private:
  static bool guesses_in_training_mode(Evidence& evidence) {
    return against_guessing(evidence.training(), evidence.guessing()) == AgainstGuessing::guessing;
  }

  /// If a network also guesses with the data's statistics, statistics are not its main defect.
  static void step_back(std::vector<Finding>& findings) {
    for (Finding& f : findings)
      if (is_of_statistics(f) && f.severity == Severity::error) f.severity = Severity::warning;
  }

  static std::string guess_text(Evidence& evidence) {
    const Guessing& guess = evidence.guessing();
    return "loss " + figure(guess.scores.mean_loss().value) +
           (guess.scores.correct.empty() ? "" : ", accuracy " + figure(guess.scores.accuracy()->value));
  }

  static std::string cause_of(Evidence& evidence, AgainstGuessing now, bool both_modes) {
    const std::string scores = scores_text(evidence.evaluation());
    if (now == AgainstGuessing::answers_alone)
      return "the loss is no better than that of guessing (" + figure(evidence.guessing().even_loss) +
             "), though more is right: " + scores + ". Wrong answers have far too sure scores";
    if (now == AgainstGuessing::loss_alone)
      return "no more is right than by always answering the most frequent class (accuracy " +
             figure(evidence.guessing().scores.accuracy()->value) + "): " + scores;
    std::string text = "the network is no better than guessing (" + guess_text(evidence) + "): " + scores;
    if (both_modes)
      text += ", and " + scores_text(evidence.training()) +
              " in training mode with statistics of all data: statistics are not the main defect";
    else if (!evidence.normalizations().empty())
      text += ", but " + scores_text(evidence.training()) + " in training mode with statistics of all data";
    if (evidence.has_train_data() &&
        against_guessing(evidence.train_evaluation(), evidence.train_guessing()) == AgainstGuessing::better)
      text += ". On its training data it works (" + scores_text(evidence.train_evaluation()) + ")";
    return text;
  }

  static Certainty certainty_of(Evidence& evidence, AgainstGuessing now) {
    const std::int64_t samples = evidence.data().size();
    const std::string why = "measured on " + std::to_string(samples) + " samples, against the histogram of their " +
                            (evidence.guessing().classes.empty() ? "targets" : "labels");
    Certainty c =
        samples >= kFewSamples && now == AgainstGuessing::guessing ? Certainty::sure(why) : Certainty::likely(why);
    c.unseen = {"whether it was trained long enough", "whether the labels are right", "orientation and resizing"};
    return c;
  }

  static void add_facts(Evidence& evidence, Finding& f) {
    const Guessing& guess = evidence.guessing();
    f.evidence.push_back({"loss", evidence.evaluation().mean_loss().value, "",
                          "well below " + figure(guess.scores.mean_loss().value) + " (guessing)"});
    f.evidence.push_back({"loss in training mode, statistics of all data", evidence.training().mean_loss().value});
    if (guess.scores.correct.empty() || !evidence.evaluation().accuracy()) return;
    f.evidence.push_back({"accuracy", evidence.evaluation().accuracy()->value, "",
                          "well above " + figure(guess.scores.accuracy()->value) + " (the most frequent class)"});
    f.evidence.push_back({"accuracy in training mode, statistics of all data", evidence.training().accuracy()->value});
    const std::vector<ClassScore> classes = class_scores(evidence.evaluation(), guess.classes);
    const auto lost = std::ranges::count(classes, 0.0, &ClassScore::recall);
    if (lost > 0)
      f.evidence.push_back({"classes of which no sample is right, of " + std::to_string(classes.size()),
                            static_cast<double>(lost), "", "0"});
  }
};

}  // namespace

std::unique_ptr<Rule> near_guessing() { return std::make_unique<NearGuessing>(); }

}  // namespace evenkeel
