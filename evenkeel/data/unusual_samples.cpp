#include "evenkeel/data/unusual_samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

constexpr std::int64_t kFewest = 8;
constexpr std::int64_t kMostValues = std::int64_t{1} << 26;
constexpr double kLarge = 50, kLargeToo = 10, kSmall = 1.0 / 100;
/// The distance from the median of the logarithms, in robust standard deviations.
constexpr double kFar = 6;
/// At least 5 %, because the deviation is near 0 if most samples have the same size.
constexpr double kLeastDeviation = 0.05;
/// Standard deviation divided by median absolute deviation, for a normal distribution.
constexpr double kDeviationOverMad = 1.4826;

template <class T>
std::vector<double> sizes(std::span<const T> values, std::size_t per_sample, std::size_t stride) {
  std::vector<double> result;
  result.reserve(values.size() / per_sample);
  for (std::size_t begin = 0; begin < values.size(); begin += per_sample) {
    double sum = 0;
    for (std::size_t i = 0; i < per_sample; i += stride) {
      const auto value = static_cast<double>(values[begin + i]);
      sum += value * value;
    }
    result.push_back(std::sqrt(sum / static_cast<double>((per_sample + stride - 1) / stride)));
  }
  return result;
}

std::vector<double> sizes(TensorView x) {
  const auto per_sample = static_cast<std::size_t>(x.shape.row_size());
  const auto stride = static_cast<std::size_t>((x.shape.size() + kMostValues - 1) / kMostValues);
  return x.dtype == DType::uint8 ? sizes(x.as<std::uint8_t>(), per_sample, stride)
                                 : sizes(x.as<float>(), per_sample, stride);
}

/// The median; of two in the middle, the upper one.
double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

std::vector<UnusualSample> unusual_samples(const Dataset& dataset) {
  if (dataset.size() == 0 || dataset.is_streamed()) return {};
  return unusual_samples(sizes(dataset.x()), dataset.x().dtype == DType::float32);
}

double size_of_sample(TensorView sample) {
  constexpr std::int64_t kMostOfOne = std::int64_t{1} << 16;
  const auto stride = static_cast<std::size_t>((sample.shape.size() + kMostOfOne - 1) / kMostOfOne);
  const auto all = static_cast<std::size_t>(sample.shape.size());
  return sample.dtype == DType::uint8 ? sizes(sample.as<std::uint8_t>(), all, stride).front()
                                      : sizes(sample.as<float>(), all, stride).front();
}

// Dark images of bytes are usual, dark ones of floats are not.
std::vector<UnusualSample> unusual_samples(const std::vector<double>& size, bool floats) {
  // Empty samples, such as black images, have no logarithm and are left out.
  std::vector<double> logs;
  for (const double s : size)
    if (s > 0) logs.push_back(std::log(s));
  if (std::ssize(logs) < kFewest) return {};
  const double center = median(logs);
  for (double& log : logs) log = std::abs(log - center);
  const double far = kFar * std::max(kDeviationOverMad * median(logs), kLeastDeviation);

  std::vector<UnusualSample> large, all;
  for (std::size_t i = 0; i < size.size(); ++i) {
    if (size[i] == 0 || std::abs(std::log(size[i]) - center) < far) continue;
    const UnusualSample sample{.index = static_cast<std::int64_t>(i), .ratio = size[i] / std::exp(center)};
    if (sample.ratio >= kLargeToo) large.push_back(sample);
    if (floats && sample.ratio <= kSmall) all.push_back(sample);
  }
  if (std::ranges::any_of(large, [](const UnusualSample& s) { return s.ratio >= kLarge; }))
    all.insert(all.end(), large.begin(), large.end());
  std::ranges::sort(all, {}, &UnusualSample::index);
  return all;
}

std::string describe(const std::vector<UnusualSample>& unusual, const Dataset& dataset) {
  return describe(unusual, dataset.size());
}

std::string describe(const std::vector<UnusualSample>& unusual, std::int64_t all) {
  constexpr std::ptrdiff_t kNamed = 5;
  const auto described = [&](std::vector<UnusualSample> samples, bool large) {
    const auto [low, high] = std::ranges::minmax(samples, {}, &UnusualSample::ratio);
    const double least = large ? low.ratio : 1 / high.ratio, most = large ? high.ratio : 1 / low.ratio;
    std::vector<std::string> indices;
    for (const UnusualSample& sample : samples) {
      if (std::ssize(indices) == kNamed) {
        indices.push_back(fmt::format("{} more", std::ssize(samples) - kNamed));
        break;
      }
      indices.push_back(std::to_string(sample.index));
    }
    const bool one = samples.size() == 1;
    return fmt::format("{} of {} samples {} {} times as {} as the median sample (sample{} {})",
                       with_commas(std::ssize(samples)), with_commas(all), one ? "is" : "are",
                       one ? fmt::format("{:.3g}", least) : fmt::format("{:.3g} to {:.3g}", least, most),
                       large ? "large" : "small", one ? "" : "s", join(indices));
  };
  std::vector<UnusualSample> large, small;
  for (const UnusualSample& sample : unusual) (sample.ratio > 1 ? large : small).push_back(sample);
  std::vector<std::string> parts;
  if (!large.empty()) parts.push_back(described(large, true));
  if (!small.empty()) parts.push_back(described(small, false));
  return join(parts, "; ");
}

}  // namespace evenkeel
