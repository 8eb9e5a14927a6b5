#include "evenkeel/kernels/resize/taps.h"

#include <algorithm>
#include <cmath>

namespace evenkeel::kernels {

Taps Taps::shifted(std::int64_t inputs, std::int64_t outputs, std::int64_t before) {
  Taps taps(inputs);
  for (std::int64_t i = 0; i < outputs; ++i) {
    if (i >= before && i - before < inputs) taps.add(i - before, 1);
    taps.end_output();
  }
  return taps;
}

Taps Taps::reflected(std::int64_t inputs, std::int64_t before, std::int64_t after) {
  Taps taps(inputs);
  for (std::int64_t i = -before; i < inputs + after; ++i) {
    taps.add(i < 0 ? -i : i < inputs ? i : 2 * (inputs - 1) - i, 1);
    taps.end_output();
  }
  return taps;
}

Taps Taps::repeated(std::int64_t inputs, std::int64_t before, std::int64_t after) {
  Taps taps(inputs);
  for (std::int64_t i = -before; i < inputs + after; ++i) {
    taps.add(std::clamp<std::int64_t>(i, 0, inputs - 1), 1);
    taps.end_output();
  }
  return taps;
}

Taps Taps::nearest(std::int64_t inputs, std::int64_t outputs) {
  Taps taps(inputs);
  for (std::int64_t i = 0; i < outputs; ++i) {
    taps.add((2 * i + 1) * inputs / (2 * outputs), 1);
    taps.end_output();
  }
  return taps;
}

Taps Taps::linear(std::int64_t inputs, std::int64_t outputs, bool align_corners) {
  Taps taps(inputs);
  const auto last = static_cast<double>(inputs - 1), n = static_cast<double>(outputs);
  for (std::int64_t i = 0; i < outputs; ++i) {
    const auto at = static_cast<double>(i);
    double place = (at + 0.5) * static_cast<double>(inputs) / n - 0.5;
    if (align_corners) place = outputs == 1 ? 0 : at * last / (n - 1);
    place = std::clamp(place, 0.0, last);
    const double below = std::floor(place);
    taps.add(static_cast<std::int64_t>(below), 1 - (place - below));
    taps.add(static_cast<std::int64_t>(below) + 1, place - below);
    taps.end_output();
  }
  return taps;
}

Taps Taps::means(std::int64_t inputs, std::int64_t outputs) {
  Taps taps(inputs);
  for (std::int64_t i = 0; i < outputs; ++i) {
    const std::int64_t begin = i * inputs / outputs, end = ((i + 1) * inputs + outputs - 1) / outputs;
    for (std::int64_t from = begin; from < end; ++from) taps.add(from, 1 / static_cast<double>(end - begin));
    taps.end_output();
  }
  return taps;
}

Taps Taps::padded_means(std::int64_t inputs, std::int64_t outputs, std::int64_t size, std::int64_t stride,
                        std::int64_t before, std::int64_t after) {
  Taps taps(inputs);
  for (std::int64_t i = 0; i < outputs; ++i) {
    const std::int64_t begin = i * stride - before, end = std::min(begin + size, inputs + after);
    for (std::int64_t from = std::max<std::int64_t>(begin, 0); from < std::min(end, inputs); ++from)
      taps.add(from, 1 / static_cast<double>(end - begin));
    taps.end_output();
  }
  return taps;
}

Taps Taps::transposed() const {
  std::vector<std::vector<Tap>> by_input(static_cast<std::size_t>(inputs_));
  for (std::int64_t i = 0; i < outputs(); ++i)
    for (const Tap& tap : of(i)) by_input[static_cast<std::size_t>(tap.from)].push_back({i, tap.weight});
  Taps result(outputs());
  for (const std::vector<Tap>& taps : by_input) {
    for (const Tap& tap : taps) result.add(tap.from, tap.weight);
    result.end_output();
  }
  return result;
}

}  // namespace evenkeel::kernels
