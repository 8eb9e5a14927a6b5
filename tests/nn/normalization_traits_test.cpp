#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <utility>

#include "tests/nn/layer_examples.h"

// What a layer says of itself, against what it computes.

namespace evenkeel {
namespace {

/// What the traits say of a layer with channels of their own scale, computed from them alone.
class ByTraits {
 public:
  ByTraits(const Example& example, Trial& trial)
      : traits_(example.traits()), shape_(example.inputs[0]), x_(in_double(trial.input(0))) {
    const auto& normalization = traits_.normalization;
    const std::int64_t axis = normalization ? normalization->axis.value_or(-1) : -1;
    axis_ = static_cast<int>(axis < 0 ? axis + shape_.rank() : axis);
    if (!traits_.scale.empty()) scale_ = in_double(trial.store().parameters.get("layer/" + traits_.scale));
    if (!traits_.shift.empty()) shift_ = in_double(trial.store().parameters.get("layer/" + traits_.shift));
    if (normalization && normalization->moving) {
      moving_mean_ = in_double(trial.store().state.get("layer/" + normalization->moving->mean));
      moving_variance_ = in_double(trial.store().state.get("layer/" + normalization->moving->variance));
      momentum_ = normalization->moving->momentum;
      if (const std::string& batches = normalization->moving->batches; !batches.empty()) {
        const double before = in_double(trial.store().state.get("layer/" + batches))[0];
        momentum_ = before / (before + 1);
      }
    }
  }

  Numbers evaluated() {
    if (traits_.normalization && moving_mean_.empty()) measure();
    Numbers y = x_;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::size_t c = channel(i);
      if (traits_.normalization) y[i] = (y[i] - mean(i)) / std::sqrt(variance(i) + traits_.normalization->epsilon);
      if (!scale_.empty()) y[i] *= scale_[c];
      if (!shift_.empty()) y[i] += shift_[c];
    }
    return y;
  }

  /// What the moving statistics are after one step of training.
  std::pair<Numbers, Numbers> moved() {
    const MovingTraits moving = *traits_.normalization->moving;
    Numbers mean = moving_mean_, variance = moving_variance_;
    const Numbers old_mean = std::exchange(moving_mean_, {}), old_variance = std::exchange(moving_variance_, {});
    measure();
    for (std::size_t c = 0; c < mean.size(); ++c) {
      const Sums& sums = sums_.at(c);
      const double of_batch = sums.variance() * (moving.unbiased ? sums.n / (sums.n - 1) : 1);
      mean[c] = momentum_ * old_mean[c] + (1 - momentum_) * sums.mean();
      variance[c] = momentum_ * old_variance[c] + (1 - momentum_) * of_batch;
    }
    return {mean, variance};
  }

 private:
  struct Sums {
    double n = 0, sum = 0, squares = 0;
    double mean() const { return sum / n; }
    double variance() const { return squares / n - mean() * mean(); }
  };

  std::size_t channel(std::size_t i) const {
    std::size_t inner = 1;
    for (int axis = axis_ + 1; axis < shape_.rank(); ++axis) inner *= static_cast<std::size_t>(shape_[axis]);
    return i / inner % static_cast<std::size_t>(shape_[axis_]);
  }
  /// Which mean and variance an element has.
  std::size_t statistic(std::size_t i) const {
    const NormalizationTraits& n = *traits_.normalization;
    const auto channels = static_cast<std::size_t>(shape_.back()),
               sample = x_.size() / static_cast<std::size_t>(shape_[0]);
    const std::size_t groups = n.groups == -1 ? channels : static_cast<std::size_t>(n.groups);
    switch (n.over) {
      case NormalizationTraits::Over::batch: return channel(i);
      case NormalizationTraits::Over::group: return i / sample * groups + channel(i) / (channels / groups);
      case NormalizationTraits::Over::position: return i / channels;
    }
    return 0;
  }
  void measure() {
    sums_.clear();
    for (std::size_t i = 0; i < x_.size(); ++i) {
      Sums& sums = sums_[statistic(i)];
      sums.n += 1;
      sums.sum += x_[i];
      sums.squares += x_[i] * x_[i];
    }
  }
  double mean(std::size_t i) const {
    if (!traits_.normalization->centered) return 0;
    return moving_mean_.empty() ? sums_.at(statistic(i)).mean() : moving_mean_[channel(i)];
  }
  double variance(std::size_t i) const {
    if (!moving_variance_.empty()) return moving_variance_[channel(i)];
    const Sums& sums = sums_.at(statistic(i));
    return traits_.normalization->centered ? sums.variance() : sums.squares / sums.n;
  }

  LayerTraits traits_;
  Shape shape_;
  Numbers x_;
  int axis_ = 0;
  double momentum_ = 0;
  Numbers scale_, shift_, moving_mean_, moving_variance_;
  std::map<std::size_t, Sums> sums_;
};

TEST(LayerTraits, SayAllThatANormalizationComputesInEvaluation) {
  const int normalizing =
      for_each_example([](const Example& e) { return e.traits().normalization || !e.traits().scale.empty(); },
                       [](const Example& e) {
                         Trial trial = e.trial();
                         trial.run(kEvaluation);
                         EXPECT_TRUE(agree(trial.output(), ByTraits(e, trial).evaluated(), 1e-6));
                       });
  EXPECT_GE(normalizing, 30);
}

TEST(LayerTraits, SayHowMovingStatisticsFollow) {
  for_each_example(
      [](const Example& e) { return e.traits().normalization.has_value(); },
      [](const Example& e) {
        const NormalizationTraits n = *e.traits().normalization;
        EXPECT_EQ(n.moving.has_value(),
                  n.over == NormalizationTraits::Over::batch && e.field("moving_statistics") != FieldValue(false));
        if (!n.moving) return;
        Trial trial = e.trial();
        const auto [mean, variance] = ByTraits(e, trial).moved();
        trial.run(kTraining);
        const Values states = trial.states();
        EXPECT_TRUE(agree(states.at("layer/" + n.moving->mean), mean, 1e-6));
        // The mean of the variances of parts is another one.
        const bool whole = n.moving->virtual_batch_size == 0;
        EXPECT_EQ(static_cast<bool>(agree(states.at("layer/" + n.moving->variance), variance, 1e-6)), whole);
      });
}

}  // namespace
}  // namespace evenkeel
