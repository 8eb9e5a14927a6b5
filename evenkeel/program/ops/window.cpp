#include "evenkeel/program/ops/window.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/error.h"

namespace evenkeel::ops {
namespace {

struct Axis {
  std::int64_t out, pad_begin;
};

Axis axis_of(std::int64_t in, std::int64_t kernel, std::int64_t stride, Padding padding) {
  if (padding == Padding::valid) return {in < kernel ? 0 : (in - kernel) / stride + 1, 0};
  const std::int64_t out = (in + stride - 1) / stride;
  return {out, std::max<std::int64_t>((out - 1) * stride + kernel - in, 0) / 2};
}

}  // namespace

std::string to_string(const WindowOptions& o) {
  std::string text = fmt::format("{}x{}", o.kernel.h, o.kernel.w);
  if (o.strides != Size2D(1))
    text += o.strides.h == o.strides.w ? fmt::format(" stride {}", o.strides.h)
                                       : fmt::format(" stride {}x{}", o.strides.h, o.strides.w);
  return text + (o.padding == Padding::same ? " same" : " valid");
}

kernels::Window window_over(const Shape& x, const WindowOptions& o) {
  if (x.rank() != 4) throw Error{{.where = "input", .expected = "images [N, H, W, C]", .received = to_string(x)}};
  const Axis h = axis_of(x[1], o.kernel.h, o.strides.h, o.padding);
  const Axis w = axis_of(x[2], o.kernel.w, o.strides.w, o.padding);
  if (h.out < 1 || w.out < 1)
    throw Error{{.where = "input",
                 .expected = fmt::format("images of at least {}x{}, the size of the window", o.kernel.h, o.kernel.w),
                 .received = to_string(x),
                 .hint = "padding = \"same\" accepts smaller ones."}};
  return {.n = x[0],
          .h = x[1],
          .w = x[2],
          .c = x[3],
          .kernel_h = o.kernel.h,
          .kernel_w = o.kernel.w,
          .stride_h = o.strides.h,
          .stride_w = o.strides.w,
          .pad_top = h.pad_begin,
          .pad_left = w.pad_begin,
          .oh = h.out,
          .ow = w.out};
}

}  // namespace evenkeel::ops
