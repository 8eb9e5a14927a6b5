#pragma once

#include <functional>

#include "evenkeel/studies/measure.h"
#include "evenkeel/studies/study_report.h"

namespace evenkeel {

/// How `speedup` and `dropout` train: rounds of two epochs in the order of the data, each followed by an evaluation.
struct Rounds {
  std::int64_t rounds = 5;
  std::int64_t epochs_per_round = 2;
  std::int64_t batch_size = 5000;
  double learning_rate = 1e-3;
  const Dataset* train = nullptr;
  const Dataset* test = nullptr;
  /// After each round the test set is also evaluated with statistics re-estimated over so many training samples, and
  /// the moving ones are compared with these. 0: neither.
  std::int64_t reestimate_samples = 0;
};

StudyTraining rounds_training(const Rounds& rounds);

/// "1 round instead of 30"; empty if they are equal.
std::string rounds_instead(std::int64_t rounds, std::int64_t published);

/// The size of both studies with --quick, as the notes describe it.
inline constexpr const char* kScaledDown =
    "2,500 training and 1,000 test images, batches of 250, dense layers of 350 and 70 units";
template <class Options>
void scale_down(Options& options) {
  options.batch_size = 250;
  options.train_limit = options.reestimate_samples = 2500;
  options.test_limit = 1000;
  options.dense = {350, 70};
}

/// Trains a variant in rounds and measures it. Series: `training_*` at every step; `test_*`, `reestimated_*` and
/// `statistics_gap` (the largest over the layers) at every round. Profiles at the end: `statistics_gap`,
/// `statistics_mean_difference` and `statistics_variance_ratio` (see StatisticsGap). Figures: `test_*` and `train_*`,
/// the same with re-estimated statistics, `best_test_loss`, `best_test_loss_step`, `reestimated_accuracy`. Returns
/// nothing if stopped. `more` measures what only one study needs, with the trained network.
std::optional<StudyRun> train_rounds(const StudyVariant& variant, StudyContext& context, const Rounds& rounds,
                                     const std::function<void(Trainer&, StudyRun&)>& more = {});

/// The charts of both studies: `test_*` solid, `reestimated_*` dashed.
LineChart test_accuracy_chart(const StudyResult& result);
LineChart test_loss_chart(const StudyResult& result, const std::vector<CurvesOf>& curves);
LineChart training_loss_chart(const StudyResult& result);

/// The convolutions that both studies share, on images / 255: 3x3 with `filters`, relu, the first with stride 2,
/// `valid`; if `momentum` is given, a normalization with it before each.
void append_convolutions(Model& model, const std::vector<int>& filters, std::optional<double> momentum);

}  // namespace evenkeel
