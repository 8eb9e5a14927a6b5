#include "evenkeel/diagnose/causes/flat_scores.h"

#include <algorithm>
#include <cmath>

namespace evenkeel {
namespace {

/// Scores of the samples from log-probabilities or logits [N, K], sharpened.
struct Sharpened {
  const std::vector<double>& logits;
  std::span<const std::int32_t> labels;
  std::size_t classes;

  double loss_of(std::size_t i, double sharpness) const {
    const auto row = std::span(logits).subspan(i * classes, classes);
    const double most = std::ranges::max(row);
    double sum = 0;
    for (const double z : row) sum += std::exp(sharpness * (z - most));
    return std::log(sum) - sharpness * (row[static_cast<std::size_t>(labels[i])] - most);
  }
  std::vector<double> losses(double sharpness) const {
    std::vector<double> all(labels.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = loss_of(i, sharpness);
    return all;
  }
  double mean(double sharpness) const {
    double sum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) sum += loss_of(i, sharpness);
    return sum / static_cast<double>(labels.size());
  }
};

/// The sharpness (1 / temperature) with the least loss, between 1 and 1000, within 1 %. The loss is convex in it.
double best_sharpness(const Sharpened& of) {
  double low = 0, high = std::log(1000.0);
  while (high - low > 0.01) {
    const double a = low + (high - low) / 3, b = high - (high - low) / 3;
    if (of.mean(std::exp(a)) < of.mean(std::exp(b)))
      high = b;
    else
      low = a;
  }
  return std::exp((low + high) / 2);
}

}  // namespace

void weigh_flat_scores(Evidence& evidence, bool outputs_are_scores, Finding& finding) {
  std::vector<double> logits(evidence.outputs().begin(), evidence.outputs().end());
  const auto output = static_cast<std::size_t>(evidence.model().output());
  if (outputs_are_scores && !evidence.model().nodes()[output].layer.traits().activation.is_log)
    for (double& z : logits) z = std::log(std::max(z, 1e-30));
  const Sharpened scores{logits, evidence.data().y().as<std::int32_t>(),
                         static_cast<std::size_t>(evidence.network().outputs())};
  const double sharpness = best_sharpness(scores);
  const std::vector<double>& correct = evidence.evaluation().correct;
  finding.evidence.push_back({"the temperature that fits the scores best", 1 / sharpness, "", "near 1"});
  finding.cost = cost_between({scores.losses(sharpness), correct}, {scores.losses(1), correct});
  if (matters(*finding.cost)) finding.severity = Severity::error;
}

}  // namespace evenkeel
