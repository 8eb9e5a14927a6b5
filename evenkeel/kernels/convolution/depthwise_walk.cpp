#include "evenkeel/kernels/convolution/depthwise_walk.h"

#include <algorithm>

namespace evenkeel::kernels::depthwise {
namespace {

/// Sets `inside` to the columns at which every tap is inside an input of this width.
Phase with_inside(Phase phase, std::int64_t width) {
  std::int64_t begin = 0, end = phase.count;
  for (const Tap& tap : phase.taps) {
    if (tap.of_input < 0) begin = std::max(begin, (-tap.of_input + phase.stride - 1) / phase.stride);
    const std::int64_t left = width - 1 - tap.of_input;
    end = std::min(end, left < 0 ? 0 : left / phase.stride + 1);
  }
  phase.inside = {begin, std::max(begin, end)};
  if (begin >= phase.count) phase.inside = {phase.count, phase.count};
  return phase;
}

/// The taps of the kernel that bring output `at` of the forward pass's input back to its outputs: at + pad = stride *
/// output + dilation * tap.
std::vector<Tap> viewers(std::int64_t at, std::int64_t pad, std::int64_t stride, std::int64_t dilation,
                         std::int64_t kernel) {
  std::vector<Tap> taps;
  for (std::int64_t tap = 0; tap < kernel; ++tap) {
    const std::int64_t place = at + pad - tap * dilation;
    if (place % stride == 0) taps.push_back({tap, place / stride});
  }
  return taps;
}

}  // namespace

std::int64_t Walk::rows_at_once() const {
  std::int64_t most = 1;
  for (const std::vector<Tap>& taps : rows) {
    if (taps.empty()) continue;
    const auto [first, last] = std::ranges::minmax(taps, {}, &Tap::of_input);
    most = std::max(most, last.of_input - first.of_input + 1);
  }
  return most;
}

std::int64_t Walk::rim() const {
  std::int64_t columns = 0;
  for (const Phase& phase : phases) columns += phase.count - phase.inside.size();
  return columns;
}

Walk Walk::with_margins() const {
  Walk wider = *this;
  for (const Phase& phase : phases)
    for (const Tap& tap : phase.taps) {
      wider.left = std::max(wider.left, -tap.of_input);
      wider.right = std::max(wider.right, tap.of_input + (phase.count - 1) * phase.stride - (in_w - 1));
    }
  for (Phase& phase : wider.phases) {
    for (Tap& tap : phase.taps) tap.of_input += wider.left;
    phase.inside = {0, phase.count};
  }
  return wider;
}

Walk forward_walk(const Window& at) {
  Walk walk{.n = at.n,
            .in_h = at.h,
            .in_w = at.w,
            .out_h = at.oh,
            .out_w = at.ow,
            .c = at.c,
            .kernel_h = at.kernel_h,
            .kernel_w = at.kernel_w};
  for (std::int64_t i = 0; i < at.oh; ++i) {
    std::vector<Tap>& taps = walk.rows.emplace_back();
    const Extent inside = at.row_taps(i);
    for (std::int64_t a = inside.begin; a < inside.end; ++a)
      taps.push_back({a, i * at.stride_h - at.pad_top + a * at.dilation_h});
  }
  Phase all{.count = at.ow, .stride = at.stride_w};
  for (std::int64_t b = 0; b < at.kernel_w; ++b) all.taps.push_back({b, b * at.dilation_w - at.pad_left});
  walk.phases.push_back(with_inside(std::move(all), at.w));
  return walk;
}

Walk backward_walk(const Window& at) {
  Walk walk{.n = at.n,
            .in_h = at.oh,
            .in_w = at.ow,
            .out_h = at.h,
            .out_w = at.w,
            .c = at.c,
            .kernel_h = at.kernel_h,
            .kernel_w = at.kernel_w};
  for (std::int64_t row = 0; row < at.h; ++row) {
    std::vector<Tap> taps = viewers(row, at.pad_top, at.stride_h, at.dilation_h, at.kernel_h);
    std::erase_if(taps, [&](const Tap& tap) { return tap.of_input < 0 || tap.of_input >= at.oh; });
    walk.rows.push_back(std::move(taps));
  }
  for (std::int64_t first = 0; first < std::min(at.stride_w, at.w); ++first) {
    Phase phase{.first = first, .step = at.stride_w, .count = (at.w - first + at.stride_w - 1) / at.stride_w};
    phase.taps = viewers(first, at.pad_left, at.stride_w, at.dilation_w, at.kernel_w);
    walk.phases.push_back(with_inside(std::move(phase), at.ow));
  }
  return walk;
}

}  // namespace evenkeel::kernels::depthwise
