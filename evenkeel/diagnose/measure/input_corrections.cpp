#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "evenkeel/base/error.h"
#include "evenkeel/diagnose/measure/input_hypotheses.h"

// Applies the corrections of hypotheses to samples.

namespace evenkeel {
namespace {

constexpr std::array kLuminance = {0.299, 0.587, 0.114};  ///< of red, green and blue: ITU-R BT.601

/// Each sample [H, W, C] with its axes exchanged, then flipped.
Tensor turned(const Tensor& x, const InputHypothesis& h) {
  if (h.transpose && x.shape()[1] != x.shape()[2])
    throw Error{{.where = "input hypothesis", .expected = "square images", .received = to_string(x.shape())}};
  const std::int64_t height = x.shape()[1], width = x.shape()[2], channels = x.shape()[3];
  Tensor result(x.shape(), DType::float32);
  const float* from = x.as<float>().data();
  float* to = result.as<float>().data();
  for (std::int64_t i = 0; i < x.shape()[0]; ++i, from += height * width * channels)
    for (std::int64_t row = 0; row < height; ++row)
      for (std::int64_t column = 0; column < width; ++column, to += channels) {
        const std::int64_t r = h.flip_height ? height - 1 - row : row, c = h.flip_width ? width - 1 - column : column;
        std::copy_n(from + (h.transpose ? c * height + r : r * width + c) * channels, channels, to);
      }
  return result;
}

void standardize(std::span<float> sample) {
  double mean = 0, squares = 0;
  for (const float v : sample) mean += static_cast<double>(v) / static_cast<double>(sample.size());
  for (const float v : sample) squares += (v - mean) * (v - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(sample.size()));
  for (float& v : sample) v = static_cast<float>((v - mean) / std::max(deviation, 1e-12));
}

void make_gray(std::span<float> pixel) {
  double sum = 0;
  for (std::size_t c = 0; c < pixel.size(); ++c) sum += kLuminance[c % 3] * static_cast<double>(pixel[c]);
  std::ranges::fill(pixel, static_cast<float>(sum));
}

}  // namespace

Dataset corrected(const Dataset& data, const InputHypothesis& h) {
  if (h.offset.size() != h.scale.size())
    throw Error{{.where = "input hypothesis",
                 .expected = "as many offsets as scales (" + std::to_string(h.scale.size()) + ')',
                 .received = std::to_string(h.offset.size())}};
  Tensor x = converted(data.x(), DType::float32);
  const auto channels = static_cast<std::size_t>(x.shape().back());
  if (h.kind() == InputHypothesis::Kind::axes || h.transpose) x = turned(x, h);
  const auto values = x.as<float>();
  for (std::size_t i = 0; (h.reverse_channels || h.gray) && i < values.size(); i += channels) {
    if (h.reverse_channels) std::ranges::reverse(values.subspan(i, channels));
    if (h.gray) make_gray(values.subspan(i, channels));
  }
  if (const std::size_t n = h.scale.size(); n > 0)
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(h.scale[i % n] * static_cast<double>(values[i]) + h.offset[i % n]);
  const std::size_t size = values.size() / static_cast<std::size_t>(data.size());
  for (std::size_t i = 0; h.by_sample && i < values.size(); i += size) standardize(values.subspan(i, size));
  return data.with_x(std::move(x));
}

Dataset corrected(const Dataset& data, const InputCorrection& steps) {
  Dataset result = data;
  for (const InputHypothesis& step : steps) result = corrected(result, step);
  return result;
}

std::string correction_text(const InputCorrection& steps) {
  std::string text;
  for (const InputHypothesis& step : steps) text += (text.empty() ? "" : "; then ") + step.correction;
  return text;
}

std::optional<Rescaling> layer_of(const InputCorrection& steps) {
  Rescaling layer;
  for (const InputHypothesis& h : steps) {
    const bool values = h.scale.size() == 1 && h.offset.size() == 1;
    if (!values || h.kind() != InputHypothesis::Kind::values || h.by_sample) return {};
    layer = {.scale = h.scale[0] * layer.scale, .offset = h.scale[0] * layer.offset + h.offset[0]};
  }
  return steps.empty() ? std::nullopt : std::optional(layer);
}

}  // namespace evenkeel
