#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/instrument.h"
#include "evenkeel/diagnose/measure/normalizations.h"

namespace evenkeel {

/// Samples at a time, where nothing asks for another number.
inline constexpr std::int64_t kScoredAtOnce = 256;

/// A mean with its standard error.
struct Estimate {
  double value = 0, error = 0;

  /// Whether it lies above zero by more than so many standard errors.
  bool above_zero_by(double errors) const { return value > errors * error; }
};

/// How each sample of a data set fared, in its order.
struct SampleScores {
  std::vector<double> loss;
  std::vector<double> correct;  ///< 1 or 0; several passes: the share of them; empty where there is no accuracy

  std::int64_t samples() const { return std::ssize(loss); }
  Estimate mean_loss() const;
  std::optional<Estimate> accuracy() const;
};

/// The mean over several passes, sample by sample.
SampleScores mean_of_passes(const std::vector<SampleScores>& passes);

/// The mean of b - a over the same samples: paired, so that what they have in common cancels out. Throws Error where
/// their numbers differ.
Estimate paired_difference(const std::vector<double>& a, const std::vector<double>& b);

/// For orders: NaN is the worst.
double or_infinite(double value);

/// What a change from one way of computing to another does to loss and accuracy.
struct Cost {
  Estimate loss;
  std::optional<Estimate> accuracy = {};
  double relative_loss = 0;  ///< loss over what it was
};
Cost cost_between(const SampleScores& good, const SampleScores& bad);
/// The same from some samples to others.
Cost unpaired_cost(const SampleScores& good, const SampleScores& bad);
/// By the doctor's rule: the loss is a tenth above the good one, and by more than three standard errors.
bool matters(const Cost& cost);

/// Scores samples with each layer in a mode of its own, on statistics that are supplied. The network stays as it is.
class Scorer {
 public:
  /// Throws Error where the network has no loss.
  explicit Scorer(Network& network, Targets targets, std::int64_t batch_size = kScoredAtOnce);

  /// What normalizations with Statistics::supplied use from now on.
  void supply(const std::vector<LayerStatistics>& statistics);

  /// `step` names the first batch's masks, the next ones have the next. With batch statistics a last batch that is
  /// smaller than the others has statistics of its own.
  SampleScores score(const Dataset& data, const std::vector<LayerMode>& modes, std::uint64_t step = 0);
  /// The same with the samples in another order, and so in other batches; the scores come in the order of the data.
  SampleScores score_shuffled(const Dataset& data, const std::vector<LayerMode>& modes, std::uint64_t step,
                              std::uint64_t seed);
  /// Scored anew; what the last layer yields as well: [N, K] row by row.
  SampleScores score(const Dataset& data, const std::vector<LayerMode>& modes, std::vector<float>& outputs);

  /// How often all samples of this many have passed: what it has cost so far.
  double passes(std::int64_t samples) const { return static_cast<double>(scored_) / static_cast<double>(samples); }
  std::int64_t batch_size() const { return batch_size_; }
  void set_batch_size(std::int64_t batch_size) { batch_size_ = batch_size; }

 private:
  SampleScores run(const Dataset& data, const std::vector<LayerMode>& modes, std::uint64_t step,
                   std::vector<float>* outputs);

  Instrument instrument_;
  std::int64_t batch_size_, scored_ = 0;
};

/// Every layer of the network in that mode, moving statistics never following.
std::vector<LayerMode> uniform_modes(const Network& network, Statistics statistics, bool dropout);

/// Whether all labels are the same.
bool is_of_one_class(const Dataset& data);
/// Some samples of a data set, in this order.
Dataset selected(const Dataset& data, const std::vector<std::uint32_t>& rows, const std::string& name);
/// So many samples of a data set, drawn without replacement, in its order: always the same ones. All where it has no
/// more, or for 0.
Dataset sample_of(const Dataset& data, std::int64_t samples);

}  // namespace evenkeel
