#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace evenkeel::kernels {

/// A linear map of one axis of an image: output i is the sum of weight * input over the taps of i. An output without
/// taps is 0. No weight is 0.
class Taps {
 public:
  struct Tap {
    std::int64_t from = 0;  ///< the index of an input
    double weight = 1;
    bool operator==(const Tap&) const = default;
  };

  explicit Taps(std::int64_t inputs) : inputs_(inputs) {}

  /// Output i is input i - before, if there is one: padding with zeros, or with before < 0 cropping.
  static Taps shifted(std::int64_t inputs, std::int64_t outputs, std::int64_t before);
  /// Inputs with `before` and `after` more at the ends: mirrored at the first and last one, which are not repeated, so
  /// there are fewer than inputs; or the first and last one repeated.
  static Taps reflected(std::int64_t inputs, std::int64_t before, std::int64_t after);
  static Taps repeated(std::int64_t inputs, std::int64_t before, std::int64_t after);
  /// The nearest input, in half-pixel centres: floor((i + 1/2) * inputs / outputs), in whole numbers.
  static Taps nearest(std::int64_t inputs, std::int64_t outputs);
  /// Interpolation between the two nearest inputs, the first or last one beyond the ends. Output i is at
  /// (i + 1/2) * inputs / outputs - 1/2; with aligned corners at i * (inputs - 1) / (outputs - 1).
  static Taps linear(std::int64_t inputs, std::int64_t outputs, bool align_corners);
  /// Means of floor(i * inputs / outputs) to ceil((i + 1) * inputs / outputs).
  static Taps means(std::int64_t inputs, std::int64_t outputs);
  /// Sums over windows of `size` inputs, divided by the number of those that are inputs or padding: `before` and
  /// `after` zeros at the ends.
  static Taps padded_means(std::int64_t inputs, std::int64_t outputs, std::int64_t size, std::int64_t stride,
                           std::int64_t before, std::int64_t after);

  /// The gradient's map: its inputs are the outputs of this one.
  Taps transposed() const;

  std::int64_t inputs() const { return inputs_; }
  std::int64_t outputs() const { return std::ssize(end_); }
  std::span<const Tap> of(std::int64_t output) const {
    const auto i = static_cast<std::size_t>(output);
    const std::size_t begin = i == 0 ? 0 : end_[i - 1];
    return {taps_.data() + begin, end_[i] - begin};
  }
  /// The input that an output is a copy of; -1 if it is none.
  std::int64_t copied(std::int64_t output) const {
    const std::span<const Tap> taps = of(output);
    return taps.size() == 1 && taps[0].weight == 1 ? taps[0].from : -1;
  }
  bool operator==(const Taps&) const = default;

 private:
  void add(std::int64_t from, double weight) {
    if (weight != 0) taps_.push_back({from, weight});
  }
  void end_output() { end_.push_back(taps_.size()); }

  std::int64_t inputs_;
  std::vector<Tap> taps_;
  std::vector<std::size_t> end_;  ///< by output, the end of its taps
};

}  // namespace evenkeel::kernels
