#pragma once

#include "evenkeel/studies/study.h"

namespace evenkeel {

/// What does dropout do to the statistics that a batch normalization after it learns? 10,000 samples of five features
/// from N(5, standard deviation 2): dropout alone; a normalization trained to reproduce its input; dropout before it;
/// Uout in place of dropout. It compares the closed form with what training finds, also in a convolutional network.
/// docs/studies/variance-shift.md. Sweeps: `keep`, `beta`.
class VarianceShiftStudy final : public Study {
 public:
  struct Options {
    std::int64_t samples = 10000, features = 5, batch_size = 32;
    double mean = 5, deviation = 2;
    double rate = 0.2;  ///< dropped
    double learning_rate = 1e-3;
    std::int64_t alone_epochs = 50, epochs = 100, sweep_epochs = 10;
    std::vector<double> keeps = {0.5,  0.55, 0.6,  0.65, 0.7,
                                 0.75, 0.8,  0.85, 0.9,  0.95};  ///< compared with the closed form
    double network_rate = 0.5;                                   ///< dropped in the convolutional network
    std::int64_t network_steps = 400, network_batch = 100, network_samples = 10000;
    std::int64_t network_measured = 2000;  ///< samples over which variances are measured
  };

  static const StudyInfo& about();
  static Options options_of(const StudySettings& settings);

  VarianceShiftStudy(const StudySettings& settings, const StudyData& data)
      : VarianceShiftStudy(settings, data, options_of(settings)) {}
  VarianceShiftStudy(const StudySettings& settings, const StudyData& data, const Options& options);

  const StudyInfo& info() const override { return about(); }
  std::int64_t batch_size() const override { return options_.batch_size; }
  std::vector<StudyVariant> variants() const override;
  StudyTraining training(const StudyVariant& variant) const override;
  std::optional<StudyRun> run(const StudyVariant& variant, StudyContext& context) const override;
  std::string answer(const StudyResult& result) const override;
  void explain(const StudyResult& result, Report& report) const override;

  /// The samples of a seed; the targets are the samples themselves.
  Dataset samples(std::uint64_t seed) const;

 private:
  std::optional<StudyRun> run_dropout(const StudyVariant& variant, StudyContext& context) const;
  std::optional<StudyRun> run_normalization(const StudyVariant& variant, StudyContext& context) const;
  std::optional<StudyRun> run_network(const StudyVariant& variant, StudyContext& context) const;

  StudySettings settings_;
  Options options_;
  Dataset images_;
};

}  // namespace evenkeel
