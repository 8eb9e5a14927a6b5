#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/nn/model.h"
#include "evenkeel/train/metrics.h"
#include "evenkeel/train/trainer.h"

// What every study is made of. A study returns data; programs print it.

namespace evenkeel {

/// A point of a curve: what was measured in evaluation mode after so many updates.
struct StudyPoint {
  std::int64_t batch = 0;      ///< index of the batch just trained, from 0
  bool on_validation = false;  ///< else on that batch
  Metrics metrics;
};

/// One variant trained once.
struct StudyRun {
  std::uint64_t seed = 0;
  std::vector<StudyPoint> curve;
  double validation_accuracy = 0, test_accuracy = 0, train_accuracy = 0;
  double test_loss = 0;
  double single_accuracy = 0;  ///< of the first test images, predicted one by one
  double seconds = 0;          ///< of training steps, without evaluation
  double images_per_s = 0;
};

struct StudyVariant {
  std::string name;         ///< "batch_norm"
  std::string description;  ///< one line
  std::int64_t parameters = 0, trainable_parameters = 0;
  std::vector<StudyRun> runs;  ///< one per seed
};

struct StudyResult {
  std::string study;
  std::string data, data_fingerprint;
  bool quick = false;
  std::int64_t steps = 0, batch_size = 0;
  int threads = 0;
  std::vector<StudyVariant> variants;
};

/// Follows a study while it runs.
class StudyObserver {
 public:
  virtual ~StudyObserver() = default;
  virtual void variant_begins(const StudyVariant&, std::uint64_t /*seed*/) {}
  virtual void point(const StudyPoint&) {}
  /// `trainer` holds the weights.
  virtual void variant_ends(const StudyVariant&, const StudyRun&, const Model&, Trainer& /*trainer*/) {}
};

/// The middle one of a figure over the runs of a variant; the mean of the two middle ones where their number is even.
double median(const StudyVariant& variant, double StudyRun::*figure);

}  // namespace evenkeel
