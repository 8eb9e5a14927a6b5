#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/studies/study.h"

namespace evenkeel {

/// Does a deep plain network train, and does batch normalization help? docs/studies/depth.md.
struct DepthOptions {
  int layers = 19;               ///< convolutions
  std::int64_t steps = 800;      ///< updates
  std::int64_t batch_size = 64;
  double learning_rate = 0.002;
  std::int64_t validation_every = 100;   ///< batches
  std::int64_t batch_every = 25;         ///< the other multiples: the batch just trained
  std::int64_t single_images = 100;      ///< predicted one by one at the end
  std::int64_t evaluation_limit = 0;     ///< at most so many samples of train and test are evaluated; 0: all
  std::vector<std::uint64_t> seeds = {0};
  int threads = 0;
  bool quick = false;

  /// The same question on less: 300 updates, 2,000 samples evaluated.
  static DepthOptions make_quick();
};

enum class DepthVariant { plain, batch_norm, batch_norm_parts };

/// The network of a variant for [28, 28, 1] images: convolution i of 1..layers is 3x3 `same` with 4 i filters, stride 2
/// where i % 3 == 0, relu; then Flatten, Dense 100 relu, Dense 10.
/// batch_norm: normalization after every convolution and the first Dense, before relu, no bias there; moving variance
/// unbiased behind convolutions and biased behind the Dense, as TensorFlow 1 has it.
/// batch_norm_parts: the same with convolution weights truncated_normal(0.05) and the normalization composed of ops.
Model depth_model(DepthVariant variant, int layers = 19, const Shape& images = {28, 28, 1});

struct DepthData {
  Dataset train, validation, test;
};
/// The first 5000 of the training split validate, the rest trains. Throws Error where the split is no larger than that.
DepthData split_for_depth(const Dataset& train_split, const Dataset& test_split);

/// Trains every variant with every seed. A stop request ends it with the runs that are complete.
StudyResult run_depth(const DepthOptions& options, const DepthData& data, StudyObserver& observer,
                      std::stop_token stop = {});

}  // namespace evenkeel
