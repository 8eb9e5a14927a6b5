#pragma once

#include "evenkeel/studies/rounds.h"

namespace evenkeel {

enum class SpeedupVariant { plain, batch_norm, frozen };

/// [BN ->] Conv 30 3x3 stride 2 valid relu -> [BN ->] Conv 50 3x3 -> [BN ->] Conv 60 3x3 -> flatten -> [BN ->] Dense
/// 3500 relu -> [BN ->] Dense 700 relu -> [BN ->] Dense 10, on images / 255. `frozen` never updates its moving
/// statistics: momentum 1. `dense` are the units of the two hidden layers.
Model speedup_model(SpeedupVariant variant, const std::vector<int>& dense = {3500, 700},
                    const Shape& images = {32, 32, 3});

/// How much faster does a network with batch normalization learn, and why was the original's evaluation at chance?
/// docs/studies/speedup.md. Sweep: `learning_rate`.
class SpeedupStudy final : public Study {
 public:
  struct Options {
    std::int64_t batch_size = 5000;
    std::int64_t plain_rounds = 20, other_rounds = 5;
    double learning_rate = 1e-3;
    double target_loss = 0.2;  ///< loss of a training batch
    std::vector<int> dense = {3500, 700};
    std::int64_t train_limit = 0, test_limit = 0;  ///< 0: all
    std::int64_t reestimate_samples = 5000;
  };

  static const StudyInfo& about();
  static Options options_of(const StudySettings& settings);

  SpeedupStudy(const StudySettings& settings, const StudyData& data)
      : SpeedupStudy(settings, data, options_of(settings)) {}
  SpeedupStudy(const StudySettings& settings, const StudyData& data, const Options& options);

  const StudyInfo& info() const override { return about(); }
  std::int64_t batch_size() const override { return options_.batch_size; }
  std::vector<StudyVariant> variants() const override;
  StudyTraining training(const StudyVariant& variant) const override;
  std::string other_rounds() const override;
  std::optional<StudyRun> run(const StudyVariant& variant, StudyContext& context) const override;
  std::string answer(const StudyResult& result) const override;
  void explain(const StudyResult& result, Report& report) const override;

 private:
  Rounds rounds_of(const StudyVariant& variant) const;

  StudySettings settings_;
  Options options_;
  Dataset train_, test_;
};

}  // namespace evenkeel
