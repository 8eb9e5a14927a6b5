#pragma once

#include <array>

#include "evenkeel/studies/rounds.h"

namespace evenkeel {

enum class DropoutVariant { with_batch_norm, without_batch_norm, dropout_last };

/// BN (momentum 0.75) before each of the convolutions 30, 50, 60 and after flatten; then Dense 3500 relu [-> BN] ->
/// Dropout 0.4 -> Dense 700 relu [-> BN] -> Dropout 0.5 -> Dense 10. `dropout_last` is the repair of Li et al. 2019:
/// both normalizations, and dropout only after the last of them.
Model dropout_model(DropoutVariant variant, const std::array<int, 2>& dense = {3500, 700},
                    const Shape& images = {32, 32, 3});

/// Do dropout and batch normalization work well together? docs/studies/dropout.md.
class DropoutStudy final : public Study {
 public:
  struct Options {
    std::int64_t batch_size = 5000, rounds = 30;
    double learning_rate = 1e-3;
    std::array<int, 2> dense = {3500, 700};
    std::int64_t train_limit = 0, test_limit = 0;  ///< 0: all
    std::int64_t reestimate_samples = 5000;
  };

  static const StudyInfo& about();
  static Options options_of(const StudySettings& settings);

  DropoutStudy(const StudySettings& settings, const StudyData& data)
      : DropoutStudy(settings, data, options_of(settings)) {}
  DropoutStudy(const StudySettings& settings, const StudyData& data, const Options& options);

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

  Options options_;
  Dataset train_, test_;
};

}  // namespace evenkeel
