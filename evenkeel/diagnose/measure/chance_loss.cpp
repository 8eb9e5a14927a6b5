#include "evenkeel/diagnose/measure/chance_loss.h"

#include <cmath>
#include <vector>

namespace evenkeel {
namespace {

struct Target {
  double mean = 0, variance = 0;
};

/// The mean target of each output over all samples; labels as one-hot numbers.
std::vector<Target> targets_of(const Dataset& data, std::int64_t outputs) {
  std::vector<Target> targets(static_cast<std::size_t>(outputs));
  const auto n = static_cast<double>(data.size());
  if (data.has_labels()) {
    for (const std::int32_t label : data.y().as<std::int32_t>()) {
      // A single output has the label itself as its target.
      if (outputs == 1)
        targets[0].mean += label / n;
      else
        targets[static_cast<std::size_t>(label)].mean += 1 / n;
    }
    for (Target& t : targets) t.variance = t.mean * (1 - t.mean);
    return targets;
  }
  const auto y = data.y().as<float>();
  for (std::size_t i = 0; i < y.size(); ++i) targets[i % targets.size()].mean += double{y[i]} / n;
  for (std::size_t i = 0; i < y.size(); ++i) {
    Target& t = targets[i % targets.size()];
    t.variance += (double{y[i]} - t.mean) * (double{y[i]} - t.mean) / n;
  }
  return targets;
}

double information(double share) { return share > 0 ? -share * std::log(share) : 0; }

}  // namespace

double chance_loss(const Loss& loss, const Dataset& data, std::int64_t outputs, std::int64_t positions) {
  const Scores scores = scores_of(loss);
  const bool softmax = scores == Scores::softmax;
  double sum = 0;
  for (const Target& t : targets_of(data, outputs)) {
    if (scores == Scores::outputs)
      sum += t.variance;
    else
      sum += information(t.mean) + (softmax ? 0 : information(1 - t.mean));
  }
  return sum / static_cast<double>(softmax ? positions : outputs);
}

}  // namespace evenkeel
