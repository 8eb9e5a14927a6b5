#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "evenkeel/diagnose/measure/capacity.h"
#include "evenkeel/diagnose/measure/guessing.h"
#include "evenkeel/diagnose/measure/measured_network.h"
#include "evenkeel/diagnose/measure/noise.h"
#include "evenkeel/diagnose/measure/weight_scan.h"
#include "evenkeel/train/checkpoint.h"

namespace evenkeel {

/// A difference below this part of the loss of guessing does not matter, even if it is large relative to a tiny loss.
inline constexpr double kNoticedOfChance = 0.02;
/// From this part of the loss of guessing on, a network is no better than guessing.
inline constexpr double kLikeGuessing = 0.9;

/// With fewer samples, statistics are not judged. From kEnoughSamples on they are judged without reservation.
inline constexpr std::int64_t kFewSamples = 50, kEnoughSamples = 500;
inline constexpr std::int64_t kManySamples = 1000;  ///< for what never happens

/// The recorded figures of one of a run's sets, epoch by epoch.
struct RecordedScores {
  std::string fingerprint = {};  ///< Dataset::fingerprint of the set
  std::vector<double> loss = {}, accuracy = {};
};

struct Mismatch;

/// How the weights were trained, from a run folder or from the user.
struct Records {
  std::optional<std::uint64_t> updates = {};                    ///< training steps done
  std::optional<std::int64_t> batch_size = {};                  ///< of these steps
  std::optional<std::int64_t> last_batch = {};                  ///< size of each epoch's last batch, if it is smaller
  std::optional<bool> shuffled = {};                            ///< whether each epoch was shuffled
  std::optional<double> ema_momentum = {};                      ///< of averaged weights
  std::vector<double> class_weight = {};                        ///< by class; empty: all weigh 1, or not known
  std::optional<double> train_loss = {}, validation_loss = {};  ///< of the weights' epoch: mostly the last one
  std::optional<double> best_validation_loss = {};              ///< of any epoch
  /// The sets' figures in metrics.csv, to be compared with the weights. Those of training were measured in training
  /// mode, while the network learnt.
  RecordedScores training_scores = {}, validation_scores = {};
  /// Moving statistics at an earlier checkpoint; without one, those that training started from.
  std::vector<LayerStatistics> earlier_statistics = {};
  bool are_initial_statistics = false;      ///< earlier_statistics: those that training started from
  std::string initial_weights = {};         ///< the file that training started from; empty: the seed, or not known
  std::optional<double> weight_decay = {};  ///< of training
  /// If the weights are moving averages: the weights that training worked with at the same step, and their statistics.
  std::shared_ptr<const NamedTensors> raw_weights = {};

  /// What the file that the network comes from cannot tell, a sentence each (interchange/record.h): the model then has
  /// defaults in its place. Only the sentence on the momentum of normalizations has that word.
  std::vector<std::string> lost = {};

  bool tell_momentum() const {
    return std::ranges::none_of(lost, [](const std::string& s) { return s.find("momentum") != s.npos; });
  }
  /// Whether recorded losses of training cannot be compared with losses here, which weigh all samples alike.
  bool has_weighted_loss() const { return !class_weight.empty(); }
};

/// The subject of a diagnosis.
struct Subject {
  Dataset data;                            ///< labelled; the data of evaluation
  std::optional<Dataset> train_data = {};  ///< what the network was trained on; if absent, `data` is used in its place
  Records records = {};
  std::int64_t samples = 2048;  ///< of each set, drawn by seed; 0: all
  std::int64_t memory_bytes = std::int64_t{1} << 30;
  /// The processes that divide the measurements between them (SpreadNetwork). All diagnose the same network and data.
  Communicator* among = nullptr;
};

/// Everything that rules may ask about a network, whoever computes it. Each measurement is made once, when it is first
/// asked for, and shared. The network does not change.
class Evidence {
 public:
  static constexpr int kPasses = 4, kFewPasses = 2;  ///< masks and shufflings; few of a large network

  /// Called after each batch that was measured.
  using Observer = std::function<void(const Evidence&)>;

  /// Throws Error if data and model do not fit, or the network has no loss.
  Evidence(MeasuredNetwork& network, Subject subject, Observer observer = {});
  Evidence(Network& network, Subject subject, Observer observer = {});

  MeasuredNetwork& network() { return *network_; }
  const Model& model() const { return network_->model(); }
  const Records& records() const { return subject_.records; }
  const Dataset& data() const { return data_; }  ///< the sample
  const Dataset& train_data() const { return train_data_ ? *train_data_ : data_; }
  /// The whole sets, of which the others are samples; in the order of training if it did not shuffle.
  const Dataset& whole_data() const { return subject_.data; }
  const Dataset& whole_train_data() const { return subject_.train_data ? *subject_.train_data : subject_.data; }
  bool has_train_data() const { return train_data_.has_value(); }
  /// The set that statistics are taken from: the training data, unless there are too few and the data are more.
  const Dataset& statistics_data() const { return larger_unless(kFewSamples); }
  /// The set that signals are measured on: the same, for measurements that need many samples.
  const Dataset& signal_data() const { return larger_unless(kManySamples); }
  std::int64_t memory_bytes() const { return subject_.memory_bytes; }
  /// How many samples run at a time: fewer than kScoredAtOnce if their values would take more than half of the memory.
  std::int64_t at_once() const { return at_once_; }
  /// Whether a pass of the sample takes so long (kLargeFlops) that there should be few of them.
  bool is_large() const { return flops_ >= kLargeFlops; }
  double flops() const { return flops_; }  ///< of one sample
  int passes_to_judge() const { return is_large() ? kFewPasses : kPasses; }
  const std::vector<Normalization>& normalizations() const { return normalizations_; }
  /// A layer's traits.
  LayerTraits traits(const std::string& layer) const {
    return model().nodes()[static_cast<std::size_t>(model().find(layer))].layer.traits();
  }
  bool has_dropout() const { return has_dropout_; }
  /// The batch size of training if it is known, else Keras's 32; at most the number of samples.
  std::int64_t batch_size() const { return std::min(records().batch_size.value_or(32), data_.size()); }
  /// Defects that the weights alone show. For everything below, numbers that cannot be computed with are replaced.
  const std::vector<WeightDefect>& defects() const { return defects_; }
  /// Whether there are such numbers; then everything but evaluation_as_is is measured on a copy without them.
  bool has_substitutes() const { return substituted_.any(); }
  const SubstitutedWeights& substituted() const { return substituted_; }
  /// A tensor's original values, without substitutes.
  TensorView original(const std::string& tensor) const { return substituted_.original(tensor); }

  // Statistics. All conditioned: the layers before on full-data ones. On statistics_data().
  const std::vector<StatisticsGap>& gaps();               ///< dropout off
  const std::vector<StatisticsGap>& gaps_with_dropout();  ///< dropout on, as in training; equal if there is no dropout
  const std::vector<std::optional<NoiseShift>>& noise_shifts();  ///< by normalization
  /// gaps() for another model with the same tensors.
  std::vector<StatisticsGap> gaps_as(const Model& other);
  /// The data's statistics in gaps(): of frozen ones, which training did not take from its batches, what they are.
  std::vector<LayerStatistics> full_statistics();
  /// full_statistics() if the data's were used in layers with frozen statistics too.
  std::vector<LayerStatistics> unfrozen_statistics();

  // Scores of the data.
  const SampleScores& evaluation();  ///< moving statistics, dropout off
  /// evaluation() of the original weights, without substitutes, as `evaluate` computes it; and the same for the
  /// training data.
  const SampleScores& evaluation_as_is();
  const SampleScores& train_evaluation_as_is();
  SampleScores evaluation_as(const Model& other);  ///< for another model with the same tensors
  /// Other samples in evaluation, not kept; with the outputs; and with other values in some tensors.
  SampleScores score(const Dataset& data);
  SampleScores score(const Dataset& data, std::vector<float>& outputs);
  SampleScores score_with(const NamedTensors& weights, const Dataset& data);
  const SampleScores& full_data();         ///< full-data statistics, dropout off
  const SampleScores& training();          ///< full-data statistics with dropout on, dropout on; mean over masks
  const SampleScores& train_evaluation();  ///< evaluation() and training() of the training data
  const SampleScores& train_training();
  /// Batch statistics at this batch size, in shuffled batches; one entry per pass.
  const std::vector<SampleScores>& in_batches(std::int64_t batch_size, bool dropout);
  /// evaluation() in shuffled batches of this size, one entry per pass; and sample by sample. They differ if a layer
  /// uses the batch's statistics in evaluation too (normalized_by_batch).
  const std::vector<SampleScores>& evaluation_in_batches(std::int64_t batch_size);
  const SampleScores& evaluation_alone();
  /// Batch statistics against full-data ones, dropout off: both of statistics_data(), so that the sets' differences
  /// play no part.
  struct BatchScores {
    const SampleScores& full_data;
    const std::vector<SampleScores>& in_batches;  ///< one entry a pass
  };
  BatchScores batches_against_data(std::int64_t batch_size);
  /// These normalizations (by name) on their moving statistics, the others on full-data ones; dropout off.
  const SampleScores& moving_in(const std::vector<std::string>& layers);
  /// As evaluation(), but with these statistics instead of the moving ones; `name` identifies them.
  const SampleScores& on_statistics(const std::string& name, const std::vector<LayerStatistics>& statistics);
  /// The loss of the best answer that does not depend on the sample, on the training data: log K for K classes of equal
  /// size.
  double chance_loss();
  const Guessing& guessing();        ///< the scores of guessing on the data
  const Guessing& train_guessing();  ///< and on the training data
  /// The last layer's output in evaluation: [N, K].
  const std::vector<float>& outputs();

  // Signals.
  /// data() and train_data() without unusual samples (data/unusual_samples.h).
  const Dataset& usual_data();
  const Dataset& usual_train_data();
  const LayerStatistics& train_moments();  ///< of the training data's channels
  /// Whether the channels of the data have another mean or variance than those; false if nobody knows.
  bool inputs_differ();
  /// How data or weights differ from those of training (find_mismatch); null if they do not.
  const Mismatch* mismatch();
  const std::vector<ChannelSignal>& channels();  ///< of signal_data(), full-data statistics, dropout off
  const std::vector<GradientNorm>& gradients();  ///< of one training batch

  /// The distributions of the normalizations' inputs in both modes, of so many samples.
  std::vector<InputHistogram> histograms(std::int64_t samples);

  /// Adds what a rule's own measurements sent through the network.
  void add_passes(double passes, const Dataset& of) { passed_ += passes * static_cast<double>(of.size()); }
  void add_passes_of(const Evidence& other) { passed_ += other.passed(); }
  /// How often the sample has passed through the network so far: the larger one, of the data or of the training data.
  double passes() const { return passed() / static_cast<double>(std::max(data_.size(), train_data().size())); }
  /// The same for all that is to be measured, as far as that is known: passes() and what is left of the measurements
  /// that every diagnosis makes, and of those that were announced.
  double expected_passes() const;
  /// Says that so many samples will pass through the network for a search.
  void announce(std::int64_t samples) { announced_until_ = passed() + static_cast<double>(samples); }

 private:
  Evidence(std::shared_ptr<MeasuredNetwork> network, Subject subject, Observer observer);
  double passed() const { return passed_; }
  const SampleScores& scored(const std::string& key, const std::function<SampleScores()>& measure);
  const Dataset& larger_unless(std::int64_t samples) const;
  bool has_inputs() const;  ///< whether the samples are known as numbers
  SampleScores passed_over(const Dataset& data, Pass pass, std::vector<float>* outputs = nullptr);
  Pass observed(Pass pass);
  SampleScores with_dropout(const Dataset& data);
  const SampleScores& full_data_of(const Dataset& data);
  void substitute_statistics();
  const std::vector<SampleScores>& batches_of(const Dataset& data, std::int64_t batch_size, Statistics statistics,
                                              bool dropout);
  std::vector<StatisticsGap> measured_gaps(MeasuredNetwork& network, bool dropout);

  ReestimateOptions measuring();

  std::shared_ptr<MeasuredNetwork> network_;
  Subject subject_;
  Observer observer_;
  std::vector<WeightDefect> defects_;
  SubstitutedWeights substituted_;
  Dataset data_;
  std::optional<Dataset> train_data_;
  std::vector<Normalization> normalizations_;
  bool has_dropout_ = false;
  double flops_ = 0;
  std::int64_t at_once_ = 0;
  std::int64_t scored_at_once_ = 0;
  double passed_ = 0, announced_until_ = 0;  ///< samples; passed() after what was announced
  std::map<std::string, SampleScores> scores_;
  std::map<std::tuple<const Dataset*, std::int64_t, Statistics, bool>, std::vector<SampleScores>> batches_;
  std::optional<Guessing> guessing_, train_guessing_;
  std::optional<std::vector<StatisticsGap>> gaps_, gaps_with_dropout_;
  std::optional<std::vector<std::optional<NoiseShift>>> noise_shifts_;
  std::optional<std::vector<ChannelSignal>> channels_;
  std::optional<std::vector<GradientNorm>> gradients_;
  std::optional<std::vector<float>> outputs_;
  std::optional<Dataset> usual_data_, usual_train_data_;
  std::optional<LayerStatistics> train_moments_;
  std::optional<bool> inputs_differ_;
  std::optional<std::shared_ptr<const Mismatch>> mismatch_;
};

}  // namespace evenkeel
