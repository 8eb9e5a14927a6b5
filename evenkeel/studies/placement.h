#pragma once

#include "evenkeel/studies/study.h"

namespace evenkeel {

enum class PlacementVariant { before, after, none };

/// Three blocks of Conv2D 3x3 `same` with 16, 32, 64 filters, elu and MaxPooling2D; Dropout 0.3, Flatten, Dense 512
/// elu, Dropout 0.3, Dense 10. Normalization is before the activation, or after it and before the pooling, or there is
/// none (the convolutions then have a bias).
Model placement_model(PlacementVariant variant, const Rescaling& preprocessing, const Shape& images = {32, 32, 3});

/// Batch normalization before the activation or after it? docs/studies/placement.md.
class PlacementStudy final : public Study {
 public:
  struct Options {
    std::int64_t epochs = 10, batch_size = 250;
    double learning_rate = 1e-3;
    std::int64_t train_limit = 0, test_limit = 0;  ///< 0: all
  };

  static const StudyInfo& about();
  static Options options_of(const StudySettings& settings);

  PlacementStudy(const StudySettings& settings, const StudyData& data)
      : PlacementStudy(settings, data, options_of(settings)) {}
  PlacementStudy(const StudySettings& settings, const StudyData& data, const Options& options);

  const StudyInfo& info() const override { return about(); }
  std::int64_t batch_size() const override { return options_.batch_size; }
  std::vector<StudyVariant> variants() const override;
  StudyTraining training(const StudyVariant& variant) const override;
  std::optional<StudyRun> run(const StudyVariant& variant, StudyContext& context) const override;
  std::string answer(const StudyResult& result) const override;
  void explain(const StudyResult& result, Report& report) const override;

 private:
  StudySettings settings_;
  Options options_;
  Dataset train_, test_;
};

}  // namespace evenkeel
