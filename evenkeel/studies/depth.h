#pragma once

#include <cstdint>

#include "evenkeel/studies/study.h"

namespace evenkeel {

enum class DepthVariant { plain, batch_norm, batch_norm_parts };

inline constexpr int kDepthLayers = 19;  ///< convolutions of the published network

/// The network of a variant for [28, 28, 1] images: convolution i of 1..layers is 3x3 `same` with 4 i filters, stride 2
/// where i % 3 == 0, relu; then Flatten, Dense 100 relu, Dense 10. batch_norm: normalization after every convolution
/// and the first Dense, before relu, and no bias in these layers. The moving variance is unbiased after convolutions
/// and biased after the Dense, as in TensorFlow 1. batch_norm_parts: the same with convolution weights
/// truncated_normal(0.05) and the normalization composed of ops.
Model depth_model(DepthVariant variant, int layers = kDepthLayers, const Shape& images = {28, 28, 1});

/// Does a deep plain network train, and does batch normalization help? docs/studies/depth.md. Sweep: `depth`, the
/// number of convolutions.
class DepthStudy final : public Study {
 public:
  /// Its size: the published numbers, or those of --quick.
  struct Options {
    std::int64_t steps = 800, batch_size = 64;
    double learning_rate = 0.002;
    std::int64_t validation_size = 5000;  ///< the first of the training split
    std::int64_t validation_every = 100;  ///< batches
    std::int64_t batch_every = 25;        ///< batches; at other multiples of this, the batch just trained is evaluated
    std::int64_t single_images = 100;     ///< images that are predicted one by one at the end
    std::int64_t evaluation_limit = 0;    ///< most samples of train and test that are evaluated; 0: all
    std::uint64_t late_gradients = 200;   ///< after so many updates gradients are measured again
  };

  static const StudyInfo& about();
  static Options options_of(const StudySettings& settings);

  /// Throws Error if no training samples are left after those for validation, or a depth of the sweep is not a whole
  /// number.
  DepthStudy(const StudySettings& settings, const StudyData& data) : DepthStudy(settings, data, options_of(settings)) {}
  DepthStudy(const StudySettings& settings, const StudyData& data, const Options& options);

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
  Dataset train_, validation_, test_;
};

}  // namespace evenkeel
