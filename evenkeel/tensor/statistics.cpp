#include "evenkeel/tensor/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace evenkeel {
namespace {

/// One distinct value and how often it occurs.
struct Occurrence {
  double value = 0;
  double count = 0;
};

/// Two passes, so that a large mean does not cancel the deviations' digits.
template <class Values, class F>
ElementStatistics describe(const Values& values, F&& occurrence_of) {
  ElementStatistics result;
  double count = 0, sum = 0, squares = 0;
  for (const auto& element : values) {
    const Occurrence o = occurrence_of(element);
    if (o.count == 0) continue;
    result.minimum = count == 0 ? o.value : std::min(result.minimum, o.value);
    result.maximum = count == 0 ? o.value : std::max(result.maximum, o.value);
    count += o.count;
    sum += o.count * o.value;
  }
  if (count == 0) return result;
  result.mean = sum / count;
  for (const auto& element : values) {
    const Occurrence o = occurrence_of(element);
    squares += o.count * (o.value - result.mean) * (o.value - result.mean);
  }
  result.standard_deviation = std::sqrt(squares / count);
  return result;
}

/// 256 occurrences instead of every pixel.
ElementStatistics of_counts(const std::array<std::int64_t, 256>& counts) {
  std::array<Occurrence, 256> occurrences;
  for (std::size_t i = 0; i < counts.size(); ++i)
    occurrences[i] = {static_cast<double>(i), static_cast<double>(counts[i])};
  return describe(occurrences, [](const Occurrence& o) { return o; });
}

}  // namespace

void RunningStatistics::add(TensorView piece) {
  if (piece.dtype == DType::uint8)
    for (const std::uint8_t value : piece.as<std::uint8_t>()) ++bytes_[value];
  else
    merge(element_statistics(piece), static_cast<double>(piece.shape.size()));
}

void RunningStatistics::merge(const ElementStatistics& piece, double count) {
  if (count == 0) return;
  const double all = others_count_ + count, share = count / all, distance = piece.mean - others_.mean;
  const bool is_first = others_count_ == 0;
  const double squares = others_.standard_deviation * others_.standard_deviation * (1 - share) +
                         piece.standard_deviation * piece.standard_deviation * share +
                         distance * distance * share * (1 - share);
  others_ = is_first ? piece
                     : ElementStatistics{.mean = others_.mean + distance * share,
                                         .standard_deviation = std::sqrt(squares),
                                         .minimum = std::min(others_.minimum, piece.minimum),
                                         .maximum = std::max(others_.maximum, piece.maximum)};
  others_count_ = all;
}

ElementStatistics RunningStatistics::result() const {
  double bytes = 0;
  for (const std::int64_t count : bytes_) bytes += static_cast<double>(count);
  RunningStatistics all;
  all.merge(of_counts(bytes_), bytes);
  all.merge(others_, others_count_);
  return all.others_;
}

ElementStatistics element_statistics(TensorView tensor) {
  if (tensor.dtype == DType::uint8) {
    RunningStatistics running;
    running.add(tensor);
    return running.result();
  }
  if (tensor.dtype == DType::float32)
    return describe(tensor.as<float>(), [](float value) { return Occurrence{double{value}, 1}; });
  const Tensor wide = converted(tensor, DType::float64);
  return describe(wide.as<double>(), [](double value) { return Occurrence{value, 1}; });
}

}  // namespace evenkeel
