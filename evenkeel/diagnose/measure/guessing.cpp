#include "evenkeel/diagnose/measure/guessing.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "evenkeel/data/labels.h"

namespace evenkeel {
namespace {

constexpr double kGuessErrors = 3;        ///< paired standard errors
constexpr double kLeastLossGain = 0.005;  ///< of the loss of guessing
/// As a part of the way from guessing to all correct. An untrained network may come so far by chance, or twice as far
/// with a loss above that of even odds.
constexpr double kLeastAnswers = 0.05, kLeastAnswersAlone = 0.1;
/// As a part of that way: if so much cannot be excluded, there are too few samples to judge.
constexpr double kCouldBe = 0.25;

/// [N, K]: what the loss compares the outputs with, label smoothing included.
std::vector<double> smoothed_targets(const Loss& loss, const Dataset& data, std::size_t outputs,
                                     std::int64_t positions) {
  const auto n = static_cast<std::size_t>(data.size());
  std::vector<double> targets(n * outputs);
  if (data.has_labels()) {
    const auto labels = data.y().as<std::int32_t>();
    for (std::size_t i = 0; i < n; ++i)
      if (outputs == 1)
        targets[i] = labels[i];
      else
        targets[i * outputs + static_cast<std::size_t>(labels[i])] = 1;
  } else {
    std::ranges::copy(data.y().as<float>(), targets.begin());
  }
  const Smoothing smoothing = smoothing_of(loss, static_cast<std::int64_t>(outputs) / positions);
  for (double& t : targets) t = smoothing.scale * t + smoothing.offset;
  return targets;
}

double cross(double target, double answer) { return target > 0 ? -target * std::log(answer) : 0; }

/// The loss of giving this answer to a sample of this target.
double loss_of(const Loss& loss, const double* target, const std::vector<double>& answer, std::int64_t positions) {
  double sum = 0;
  for (std::size_t k = 0; k < answer.size(); ++k) switch (scores_of(loss)) {
      case Scores::softmax: sum += cross(target[k], answer[k]); break;
      case Scores::sigmoid: sum += cross(target[k], answer[k]) + cross(1 - target[k], 1 - answer[k]); break;
      case Scores::outputs: sum += (target[k] - answer[k]) * (target[k] - answer[k]); break;
    }
  const auto terms = scores_of(loss) == Scores::softmax ? positions : std::ssize(answer);
  return sum / static_cast<double>(terms);
}

std::vector<double> mean_target(const std::vector<double>& targets, std::size_t outputs) {
  std::vector<double> mean(outputs);
  for (std::size_t i = 0; i < targets.size(); ++i) mean[i % outputs] += targets[i];
  for (double& m : mean) m /= static_cast<double>(targets.size() / outputs);
  return mean;
}

/// Whether so many correct samples are better than guessing, and by how much of the way to all.
struct RightAnswers {
  Estimate gain;  ///< of the way from guessing to all right
  bool better() const { return gain.above_zero_by(kGuessErrors) && gain.value >= kLeastAnswers; }
  bool could_be_far() const { return gain.value + kGuessErrors * gain.error >= kCouldBe; }
};

RightAnswers of_all_samples(const SampleScores& scores, const Guessing& guessing) {
  const Estimate gain = paired_difference(guessing.scores.correct, scores.correct);
  const double way = std::max(1 - guessing.scores.accuracy()->value, 1e-12);
  return {{gain.value / way, gain.error / way}};
}

/// The mean of the classes' recalls, against even odds between all classes that the network can answer.
RightAnswers of_classes(const SampleScores& scores, const Guessing& guessing) {
  const std::vector<ClassScore> classes = class_scores(scores, guessing.classes);
  if (classes.size() < 2) return {};
  const auto count = static_cast<double>(classes.size());
  double mean = 0, variance = 0;
  for (const ClassScore& c : classes) {
    const auto n = static_cast<double>(c.samples);
    const double likely = (c.recall * n + 1) / (n + 2);  // 0 of a few samples does not mean never
    mean += c.recall / count;
    variance += likely * (1 - likely) / n / (count * count);
  }
  const double even = 1 / std::max(count, static_cast<double>(guessing.answers));
  return {{(mean - even) / (1 - even), std::sqrt(variance) / (1 - even)}};
}

}  // namespace

Guessing guessing(const Loss& loss, const Dataset& data, std::int64_t outputs, std::int64_t positions) {
  const auto k = static_cast<std::size_t>(outputs);
  Guessing result{.answers = std::max<std::int64_t>(outputs / positions, 2)};
  if (scores_of(loss) != Scores::outputs && positions == 1) result.classes = class_labels(data);
  std::map<std::int32_t, std::int64_t> counts;
  for (const std::int32_t c : result.classes) ++counts[c];
  const bool one_class = counts.size() == 1;
  const std::vector<double> targets = smoothed_targets(loss, data, k, positions);
  const std::int64_t classes = outputs / positions;
  const bool of_classes = classes > 1 && scores_of(loss) == Scores::softmax;
  const std::vector<double> even(k, of_classes ? 1 / static_cast<double>(classes) : 0.5);
  const std::vector<double> answer = one_class ? even : mean_target(targets, k);
  for (std::size_t i = 0; i < targets.size(); i += k) {
    result.scores.loss.push_back(loss_of(loss, &targets[i], answer, positions));
    result.even_loss += loss_of(loss, &targets[i], even, positions) / static_cast<double>(data.size());
  }
  if (scores_of(loss) == Scores::outputs) result.even_loss = result.scores.mean_loss().value;
  const auto most = std::ranges::max_element(counts, {}, [](const auto& count) { return count.second; });
  for (const std::int32_t c : result.classes)
    result.scores.correct.push_back(one_class ? 1.0 / static_cast<double>(std::max<std::size_t>(k, 2))
                                              : (c == most->first ? 1.0 : 0.0));
  return result;
}

std::vector<ClassScore> class_scores(const SampleScores& scores, const std::vector<std::int32_t>& classes) {
  std::map<std::int32_t, ClassScore> by_label;
  if (scores.correct.size() != classes.size()) return {};
  for (std::size_t i = 0; i < classes.size(); ++i) {
    ClassScore& c = by_label[classes[i]];
    ++c.samples;
    c.recall += scores.correct[i];
  }
  std::vector<ClassScore> all;
  for (auto& [label, c] : by_label) all.push_back({label, c.samples, c.recall / static_cast<double>(c.samples)});
  return all;
}

SampleScores without_classes(const SampleScores& scores, const std::vector<std::int32_t>& classes,
                             const std::vector<std::int64_t>& left_out) {
  SampleScores rest;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (std::ranges::count(left_out, std::int64_t{classes[i]}) > 0) continue;
    rest.loss.push_back(scores.loss[i]);
    if (!scores.correct.empty()) rest.correct.push_back(scores.correct[i]);
  }
  return rest;
}

AgainstGuessing against_guessing(const SampleScores& scores, const Guessing& guessing) {
  const Estimate gain = paired_difference(scores.loss, guessing.scores.loss);
  const bool loss_better =
      gain.above_zero_by(kGuessErrors) && gain.value >= kLeastLossGain * guessing.scores.mean_loss().value;
  const double loss = or_infinite(scores.mean_loss().value);
  if (scores.correct.empty() || guessing.classes.empty()) {
    const bool could_be_better = gain.value + kGuessErrors * gain.error >= kCouldBe * guessing.scores.mean_loss().value;
    return loss_better || could_be_better ? AgainstGuessing::better : AgainstGuessing::guessing;
  }
  const RightAnswers samples = of_all_samples(scores, guessing), classes = of_classes(scores, guessing);
  const bool sure_of_even = loss >= guessing.even_loss;
  const double furthest = std::max(samples.gain.value, classes.gain.value);
  if (samples.better() || classes.better()) {
    if (loss_better || !sure_of_even) return AgainstGuessing::better;
    return furthest < kLeastAnswersAlone ? AgainstGuessing::guessing : AgainstGuessing::answers_alone;
  }
  if (loss_better) return samples.could_be_far() ? AgainstGuessing::better : AgainstGuessing::loss_alone;
  return samples.could_be_far() && !sure_of_even ? AgainstGuessing::better : AgainstGuessing::guessing;
}

}  // namespace evenkeel
