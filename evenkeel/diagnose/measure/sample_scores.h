#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/instrument.h"
#include "evenkeel/diagnose/measure/normalizations.h"

namespace evenkeel {

/// The default number of samples at a time.
inline constexpr std::int64_t kScoredAtOnce = 256;

/// A mean with its standard error.
struct Estimate {
  double value = 0, error = 0;

  /// Whether it is above zero by more than so many standard errors.
  bool above_zero_by(double errors) const { return value > errors * error; }
};

/// The loss and correctness of each sample of a data set, in its order.
struct SampleScores {
  std::vector<double> loss;
  std::vector<double> correct;  ///< 1 or 0; the mean of several passes; empty if there is no accuracy

  std::int64_t samples() const { return std::ssize(loss); }
  Estimate mean_loss() const;
  std::optional<Estimate> accuracy() const;
};

/// The mean over several passes, sample by sample.
SampleScores mean_of_passes(const std::vector<SampleScores>& passes);

/// The mean of b - a over the same samples: paired, so that what they have in common cancels. Throws Error if their
/// sizes differ.
Estimate paired_difference(const std::vector<double>& a, const std::vector<double>& b);

/// For sorting: NaN becomes infinity, the worst.
double or_infinite(double value);

/// How much a change in how the network is computed changes loss and accuracy.
struct Cost {
  Estimate loss;
  std::optional<Estimate> accuracy = {};
  double relative_loss = 0;  ///< change of the loss divided by the former loss
};
Cost cost_between(const SampleScores& good, const SampleScores& bad);
/// The same from some samples to others.
Cost unpaired_cost(const SampleScores& good, const SampleScores& bad);
/// The doctor's rule: the loss is higher by a tenth, and by more than three standard errors.
bool matters(const Cost& cost);

/// Scores samples with a mode for each layer, and with supplied statistics. The network does not change.
class Scorer {
 public:
  /// Throws Error if the network has no loss.
  explicit Scorer(Network& network, Targets targets, std::int64_t batch_size = kScoredAtOnce);

  /// Sets the statistics that normalizations with Statistics::supplied use from now on.
  void supply(const std::vector<LayerStatistics>& statistics);

  /// `step` selects the first batch's masks; each batch has the next ones. With batch statistics, a smaller last batch
  /// has its own statistics.
  SampleScores score(const Dataset& data, const std::vector<LayerMode>& modes, std::uint64_t step = 0);
  /// The same. Also returns the last layer's outputs, [N, K] row by row, unless `outputs` is null, and says after each
  /// batch how many samples it had.
  SampleScores score(const Dataset& data, const std::vector<LayerMode>& modes, std::uint64_t step,
                     std::vector<float>* outputs, const std::function<void(std::int64_t samples)>& after_batch = {});

  std::int64_t batch_size() const { return batch_size_; }
  void set_batch_size(std::int64_t batch_size) { batch_size_ = batch_size; }

 private:
  Instrument instrument_;
  std::int64_t batch_size_;
};

/// Scores of the samples shuffled by this seed, and so in other batches, in the order of the data. `score` scores the
/// shuffled ones.
SampleScores shuffled_scores(const Dataset& data, std::uint64_t seed,
                             const std::function<SampleScores(const Dataset&)>& score);

/// One mode for every layer of the network; moving statistics are never updated. Frozen ones are never those of a
/// batch.
std::vector<LayerMode> uniform_modes(const Network& network, Statistics statistics, bool dropout);

/// Whether all labels are the same.
bool is_of_one_class(const Dataset& data);
/// Some samples of a data set, in this order.
Dataset selected(const Dataset& data, const std::vector<std::uint32_t>& rows, const std::string& name);
/// So many samples of a data set, drawn without replacement, in its order; always the same ones. All if it has no more,
/// or for 0. In memory.
Dataset sample_of(const Dataset& data, std::int64_t samples);

}  // namespace evenkeel
