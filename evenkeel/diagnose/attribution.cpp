#include "evenkeel/diagnose/attribution.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/codes.h"

namespace evenkeel {
namespace {

using Group = std::vector<std::string>;

/// How many normalizations have other statistics in training than in evaluation.
std::int64_t unfrozen(Evidence& evidence) {
  return std::ranges::count(evidence.normalizations(), false, &Normalization::frozen);
}

/// The groups in the order of their first layers; each layer once, with the first finding that names it. Frozen
/// statistics are the same in both modes, so they are in none.
std::vector<Group> groups_of(Evidence& evidence, const std::vector<Finding>& findings) {
  std::vector<Group> groups;
  std::set<std::string> named;
  for (const Normalization& n : evidence.normalizations())
    if (n.frozen) named.insert(n.name);
  for (const Finding& finding : findings) {
    if (code_info(finding.code).of_statistics == OfStatistics::no) continue;
    Group group;
    for (const std::string& layer : finding.layers)
      if (named.insert(layer).second) group.push_back(layer);
    if (!group.empty()) groups.push_back(group);
  }
  Group rest;
  for (const Normalization& n : evidence.normalizations())
    if (!named.contains(n.name)) rest.push_back(n.name);
  if (!rest.empty()) groups.push_back(rest);
  std::ranges::sort(groups, {}, [&](const Group& group) { return evidence.model().find(group.front()); });
  return groups;
}

/// The scores of the chain: full-data statistics, then one more group on its moving ones at each step.
std::vector<SampleScores> along(Evidence& evidence, const std::vector<Group>& groups) {
  std::vector<SampleScores> way = {evidence.full_data()};
  std::vector<std::string> moving;
  for (const Group& group : groups) {
    moving.insert(moving.end(), group.begin(), group.end());
    std::ranges::sort(moving);
    const bool all = std::ssize(moving) == unfrozen(evidence);
    way.push_back(all ? evidence.evaluation() : evidence.moving_in(moving));
  }
  return way;
}

/// Values that nothing can be computed with.
std::vector<std::string> fatal_phrases(Evidence& evidence) {
  std::vector<std::string> phrases;
  for (const WeightDefect& defect : evidence.defects())
    if (is_fatal(defect.kind)) phrases.push_back(phrase_of(defect));
  return phrases;
}

FourCells::Cell cell_of(const SampleScores& scores) { return {scores.mean_loss(), scores.accuracy()}; }

std::string text_of(const FourCells::Cell& cell) {
  return "loss " + figure(cell.loss.value) + (cell.accuracy ? ", accuracy " + figure(cell.accuracy->value) : "");
}

/// Whether b's mean is above a's by a tenth and by three standard errors; the samples are not the same.
bool clearly_above(const Estimate& a, const Estimate& b) {
  return b.value - a.value > std::max(0.1 * a.value, 3 * std::hypot(a.error, b.error));
}

/// The loss on the training data, weighted as if their classes were as frequent as in the data, because a different
/// mixture of classes is not overfitting. Unweighted if targets are not classes.
Estimate comparable_train_loss(Evidence& evidence) {
  const std::vector<std::int32_t>&here = evidence.guessing().classes, &there = evidence.train_guessing().classes;
  const SampleScores& scores = evidence.train_evaluation();
  if (here.empty() || there.empty()) return scores.mean_loss();
  std::map<std::int32_t, SampleScores> by_class;
  for (std::size_t i = 0; i < there.size(); ++i) by_class[there[i]].loss.push_back(scores.loss[i]);
  double share = 0, sum = 0, variance = 0;
  for (const auto& [label, part] : by_class) {
    const double weight = static_cast<double>(std::ranges::count(here, label)) / static_cast<double>(here.size());
    const Estimate loss = part.mean_loss();
    share += weight;
    sum += weight * loss.value;
    variance += weight * weight * loss.error * loss.error;
  }
  if (share == 0) return scores.mean_loss();
  return {sum / share, std::sqrt(variance) / share};
}

/// Some values are NaN or infinite, or a variance is impossible. Mostly nothing can be computed then, but not always:
/// an infinite variance makes a channel 0.
void judge_on_copy(FourCells& cells, Evidence& evidence) {
  const bool has_result = std::isfinite(cells.evaluation.loss.value);
  cells.gap = cells.replaced_parameters > 0 && !has_result ? FourCells::Gap::no_result : FourCells::Gap::mode;
  const std::string phrases = join(fatal_phrases(evidence), "; ");
  const std::string result = has_result ? "a result, loss " + figure(cells.evaluation.loss.value) + ", although "
                                        : std::string("no result (NaN): ");
  cells.verdict = "Evaluation has " + result + phrases + ". All else is measured on a " + copy_text(cells.replaced) +
                  " (statistics by the data's): its loss is " + figure(evidence.evaluation().mean_loss().value) +
                  " in evaluation.";
}

void judge_mode(FourCells& cells) {
  cells.gap = FourCells::Gap::mode;
  cells.verdict = "The mode makes the difference: on the same data the loss is " + figure(cells.evaluation.loss.value) +
                  " in evaluation and " + figure(cells.training.loss.value) +
                  " in training mode with statistics of all data.";
}

/// If no cell of the data is better than guessing, that is the defect, whatever else the mode costs.
void judge_guessing(FourCells& cells, Evidence& evidence) {
  const std::string scores = text_of(cells.evaluation) + " in evaluation, " + text_of(cells.training) +
                             " in training mode with statistics of all data";
  const std::string guess = text_of(cell_of(evidence.guessing().scores));
  const bool works_on_training_data =
      cells.train_evaluation &&
      (against_guessing(evidence.train_evaluation(), evidence.train_guessing()) == AgainstGuessing::better ||
       against_guessing(evidence.train_training(), evidence.train_guessing()) == AgainstGuessing::better);
  if (!works_on_training_data) {
    cells.gap = FourCells::Gap::guessing;
    cells.verdict =
        "The network does not work: " + scores + ", where guessing has " + guess +
        (evidence.normalizations().empty() ? "."
                                           : ". Training mode is bad as well, so statistics are not the main defect.");
    return;
  }
  cells.gap = FourCells::Gap::other_data;
  cells.verdict = "The network works on its training data (" + text_of(*cells.train_evaluation) +
                  "), and on these data it does not (" + scores + ", where guessing has " + guess +
                  "): they, or their labels, are of another kind.";
}

void judge_without_training_data(FourCells& cells) {
  cells.verdict = "The mode makes no relevant difference: loss " + figure(cells.evaluation.loss.value) +
                  " in evaluation, " + figure(cells.training.loss.value) +
                  " in training mode with statistics of all data. Whether it overfits cannot be measured without "
                  "training data.";
}

void judge_sets(FourCells& cells, Evidence& evidence, const std::vector<Finding>& findings) {
  const std::string losses = "loss " + figure(cells.train_evaluation->loss.value) + " on training data and " +
                             figure(cells.evaluation.loss.value) + " on validation data.";
  if (!clearly_above(cells.train_evaluation->loss, cells.evaluation.loss)) {
    cells.verdict = "There is no relevant gap: " + losses;
  } else if (evidence.inputs_differ() || std::ranges::any_of(findings, are_other_data)) {
    cells.gap = FourCells::Gap::other_data;
    cells.verdict = "The validation data are of another kind than the training data, in the same mode: " + losses;
  } else if (const Estimate train = comparable_train_loss(evidence); !clearly_above(train, cells.evaluation.loss)) {
    cells.gap = FourCells::Gap::other_data;
    cells.verdict = "The validation data have other shares of the classes than the training data, which explains " +
                    losses.substr(0, losses.size() - 1) + ": on the same shares it is " + figure(train.value) + ".";
  } else {
    cells.gap = FourCells::Gap::overfitting;
    cells.verdict = "Possibly the network overfits, in the same mode: " + losses;
  }
}

}  // namespace

bool are_other_data(const Finding& f) {
  if (f.severity == Severity::info) return false;
  return f.code == "input-mismatch" || f.code == "class-order" || f.code == "missing-classes";
}

Attribution attribute(Evidence& evidence, const std::vector<Finding>& findings, std::int64_t batch_size) {
  Attribution result{.start = {}, .end = evidence.evaluation().mean_loss(), .batch_size = batch_size, .links = {}};
  const SampleScores training = mean_of_passes(evidence.in_batches(batch_size, true));
  result.start = training.mean_loss();
  if (unfrozen(evidence) == 0) {
    if (!evidence.has_dropout()) return result;  // both modes compute the same
    const Cost cost = cost_between(training, evidence.evaluation());
    result.links.push_back({.change = "dropout off", .cost = cost, .cost_in_reverse = cost});
    return result;
  }
  const auto link = [&](std::string change, Group layers, const Cost& cost) {
    result.links.push_back({std::move(change), std::move(layers), cost, cost});
  };
  const SampleScores without =
      evidence.has_dropout() ? mean_of_passes(evidence.in_batches(batch_size, false)) : training;
  if (evidence.has_dropout()) link("dropout off", {}, cost_between(training, without));
  link("statistics of all data in place of the batch's", {}, cost_between(without, evidence.full_data()));
  std::vector<Group> groups = groups_of(evidence, findings);
  const std::vector<SampleScores> way = along(evidence, groups);
  const std::size_t before = result.links.size();
  for (std::size_t i = 0; i < groups.size(); ++i)
    link("moving statistics in " + layers_text(groups[i]), groups[i], cost_between(way[i], way[i + 1]));
  std::ranges::reverse(groups);
  const std::vector<SampleScores> back = along(evidence, groups);
  for (std::size_t i = 0; i < groups.size(); ++i)
    result.links[before + groups.size() - 1 - i].cost_in_reverse = cost_between(back[i], back[i + 1]);
  return result;
}

std::string copy_text(std::int64_t replaced) {
  return "copy with " + with_commas(replaced) + (replaced == 1 ? " value" : " values") + " replaced";
}

std::string_view name_of(FourCells::Gap gap) {
  switch (gap) {
    case FourCells::Gap::none: return "none";
    case FourCells::Gap::mode: return "mode";
    case FourCells::Gap::guessing: return "guessing";
    case FourCells::Gap::overfitting: return "overfitting";
    case FourCells::Gap::other_data: return "other data";
    case FourCells::Gap::no_result: return "no result";
  }
  return {};
}

FourCells four_cells(Evidence& evidence, const std::vector<Finding>& findings) {
  FourCells cells{.evaluation = cell_of(evidence.evaluation_as_is()),
                  .training = cell_of(evidence.training()),
                  .replaced = evidence.substituted().count(),
                  .replaced_parameters = evidence.substituted().count_of_parameters(),
                  .verdict = {}};
  if (evidence.has_train_data()) {
    cells.train_evaluation = cell_of(evidence.train_evaluation_as_is());
    cells.train_training = cell_of(evidence.train_training());
  }
  const auto guesses = [&](const SampleScores& scores) {
    return against_guessing(scores, evidence.guessing()) == AgainstGuessing::guessing;
  };
  if (evidence.has_substitutes())
    judge_on_copy(cells, evidence);
  else if (guesses(evidence.evaluation()) && guesses(evidence.training()))
    judge_guessing(cells, evidence);
  else if (matters(cost_between(evidence.training(), evidence.evaluation())))
    judge_mode(cells);
  else if (!evidence.has_train_data())
    judge_without_training_data(cells);
  else
    judge_sets(cells, evidence, findings);
  return cells;
}

}  // namespace evenkeel
