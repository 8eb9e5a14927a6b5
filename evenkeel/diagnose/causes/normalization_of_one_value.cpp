#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/causes/statistics.h"
#include "evenkeel/diagnose/measure/graph.h"

namespace evenkeel {
namespace {

/// The share of a single last batch in moving statistics that does not matter.
constexpr double kNoticedShare = 0.05;

/// The layers that take a mean and a variance of one value, in graph order.
template <class Takes>
std::vector<int> layers_of_one_value(const Model& model, Takes takes) {
  const std::vector<Shape> shapes = output_shapes(model);
  std::vector<int> found;
  for (int i = 0; i < model.layers(); ++i)
    if (const auto normalization = model.nodes()[static_cast<std::size_t>(i)].layer.traits().normalization;
        normalization && takes(*normalization, shapes[static_cast<std::size_t>(i)]))
      found.push_back(i);
  return found;
}

bool is_over_batch(const NormalizationTraits& n) { return n.over == NormalizationTraits::Over::batch; }

/// Whether training computes with the statistics of its batch alone.
bool trains_by_batch(const NormalizationTraits& n) {
  return is_over_batch(n) && !(n.moving && (n.moving->in_training || n.moving->frozen));
}

/// The share of the moving statistics that the last batch is.
double share_of_last(const Normalization& n, const MeasuredNetwork& network) {
  if (n.batches.empty()) return 1 - n.momentum;
  return 1 / std::max(1.0, converted(network.weight(n.batches), DType::float64).as<double>()[0]);
}

/// The mean of one value is the value, and its variance is 0: the output is beta, whatever the input.
class NormalizationOfOneValue final : public Rule {
 public:
  std::string_view checks() const override { return "normalizations over a single value"; }
  bool cheap() const override { return true; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    judge_samples(evidence.model(), findings);
    judge_batches(evidence, findings);
    judge_last_batch(evidence, findings);
  }

 private:
  static Finding about(const Model& model, const std::vector<int>& layers) {
    Finding f{.code = "normalization-of-one-value", .severity = Severity::warning, .cause = {}};
    for (const int i : layers) {
      f.layers.push_back(model.nodes()[static_cast<std::size_t>(i)].layer.name());
      if (is_only_way(model, i)) f.severity = Severity::error;
    }
    return f;
  }

  /// Layers that do so within a sample, in both modes.
  static void judge_samples(const Model& model, std::vector<Finding>& findings) {
    for (const bool centered : {true, false}) {
      const std::vector<int> layers =
          layers_of_one_value(model, [&](const NormalizationTraits& n, const Shape& sample) {
            return !is_over_batch(n) && n.centered == centered && normalized_values(n, sample, 1) == 1;
          });
      if (layers.empty()) continue;
      Finding f = about(model, layers);
      f.cause = layers_text(f.layers) + (layers.size() == 1 ? " normalizes" : " normalize") + " a single value: " +
                (centered ? "its deviation is 0, so what comes out is the same whatever goes in"
                          : "only its sign is left of it");
      f.certainty = Certainty::sure("read from the model");
      findings.push_back(std::move(f));
    }
  }

  /// Layers that do so over the batch, in training only, if the batch has one sample.
  static void judge_batches(Evidence& evidence, std::vector<Finding>& findings) {
    const std::int64_t batch = evidence.records().batch_size.value_or(2);
    const std::vector<LayerStatistics> moving = moving_statistics(evidence.network());
    const std::vector<int> layers =
        layers_of_one_value(evidence.model(), [&](const NormalizationTraits& n, const Shape& sample) {
          return trains_by_batch(n) && normalized_values(n, sample, batch) == 1;
        });
    if (layers.empty() || !may_come_from_single_values(evidence, moving, layers)) return;
    Finding f = about(evidence.model(), layers);
    if (batch == 1) f.code = "small-batch";
    f.cause = layers_text(f.layers) + " had a single value to normalize in each " +
              (batch == 1 ? "batch of one sample" : "virtual batch of one sample") +
              ": in training what comes out is beta whatever goes in, so nothing before it learns, and the moving "
              "variance goes to 0";
    f.evidence.push_back({"samples that are normalized together in training", 1, "", "at least 16"});
    f.certainty = Certainty::sure(batch == 1 ? "the model and the batch size of training, which the moving variances "
                                               "do not contradict"
                                             : "read from the model");
    subsume(findings, f, {"bad-variance"});
    findings.push_back(std::move(f));
  }

  /// Moving variances begin at 1 and only fall if all batch variances are 0.
  static bool may_come_from_single_values(Evidence& evidence, const std::vector<LayerStatistics>& moving,
                                          const std::vector<int>& layers) {
    for (std::size_t i = 0; i < moving.size(); ++i) {
      const Normalization& n = evidence.normalizations()[i];
      if (std::ranges::count(layers, n.layer) == 0) continue;
      const auto updates = evidence.records().updates;
      const double most = updates ? std::pow(n.momentum, static_cast<double>(*updates)) : 1;
      if (std::ranges::any_of(moving[i].variance, [&](double v) { return v > most + 1e-3; })) return false;
    }
    return true;
  }

  /// The last batch of each epoch, by the record of training.
  static void judge_last_batch(Evidence& evidence, std::vector<Finding>& findings) {
    if (evidence.records().last_batch != 1 || evidence.records().batch_size == 1) return;
    Finding f{.code = "normalization-of-one-value", .cause = {}};
    double share = 0;
    bool far = false;
    const bool measured = unmet(Need::samples, evidence).empty();
    const std::vector<int> layers =
        layers_of_one_value(evidence.model(), [](const NormalizationTraits& n, const Shape& sample) {
          return trains_by_batch(n) && normalized_values(n, sample, 1) == 1;
        });
    for (std::size_t i = 0; i < evidence.normalizations().size(); ++i) {
      const Normalization& n = evidence.normalizations()[i];
      if (std::ranges::count(layers, n.layer) == 0) continue;
      f.layers.push_back(n.name);
      const double of_last = share_of_last(n, evidence.network());
      share = std::max(share, of_last);
      f.evidence.push_back({n.name + ": share of its moving statistics that the last batch is", of_last, "",
                            "below " + figure(kNoticedShare)});
      if (measured) f.evidence.push_back(distance_fact(evidence.gaps()[i]));
      far = far || (measured && are_far(evidence.gaps()[i]));
    }
    if (f.layers.empty()) return;
    f.cause = "the last batch of each epoch had one sample, of which " + layers_text(f.layers) +
              " took mean and variance: " + figure(100 * share, 2) +
              " % of the moving statistics are those of this one sample, with variance 0";
    f.certainty = Certainty::sure("from the record of the run");
    f.severity = share >= kNoticedShare ? Severity::warning : Severity::info;
    if (measured && share >= kNoticedShare) weigh(evidence, f, far);
    findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> normalization_of_one_value() { return std::make_unique<NormalizationOfOneValue>(); }

}  // namespace evenkeel
