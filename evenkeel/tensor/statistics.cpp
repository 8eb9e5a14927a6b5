#include "evenkeel/tensor/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>

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
std::array<Occurrence, 256> histogram(std::span<const std::uint8_t> values) {
  std::array<std::int64_t, 256> counts{};
  for (std::uint8_t value : values) ++counts[value];
  std::array<Occurrence, 256> result;
  for (std::size_t i = 0; i < counts.size(); ++i) result[i] = {static_cast<double>(i), static_cast<double>(counts[i])};
  return result;
}

}  // namespace

ElementStatistics element_statistics(TensorView tensor) {
  if (tensor.dtype == DType::uint8)
    return describe(histogram(tensor.as<std::uint8_t>()), [](const Occurrence& o) { return o; });
  if (tensor.dtype == DType::float32)
    return describe(tensor.as<float>(), [](float value) { return Occurrence{double{value}, 1}; });
  const Tensor wide = converted(tensor, DType::float64);
  return describe(wide.as<double>(), [](double value) { return Occurrence{value, 1}; });
}

}  // namespace evenkeel
