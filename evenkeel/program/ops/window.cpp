#include "evenkeel/program/ops/window.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/config/fields.h"

namespace evenkeel::ops {
namespace {

/// One axis of images under a window.
struct Axis {
  std::int64_t in, stride, begin, end;  ///< begin, end: padding that was asked for
  std::int64_t span;                    ///< from the first tap of a window to the last
  bool is_same, rounds_up;

  std::int64_t out() const {
    if (is_same) return (in + stride - 1) / stride;
    const std::int64_t steps = begin + in + end - span;
    if (steps < 0) return rounds_up && steps + stride > 0 ? 1 : 0;
    const std::int64_t up = (steps + stride - 1) / stride;
    return rounds_up && up * stride < begin + in ? up + 1 : steps / stride + 1;
  }
  Axis with_padding() const {
    if (!is_same) return *this;
    const std::int64_t padding = std::max<std::int64_t>((out() - 1) * stride + span - in, 0);
    Axis padded = *this;
    padded.begin = padding / 2;
    padded.end = padding - padding / 2;
    return padded;
  }
};

std::int64_t span_of(std::int64_t kernel, std::int64_t dilation) { return (kernel - 1) * dilation + 1; }

std::string by(std::int64_t h, std::int64_t w) { return fmt::format("{}x{}", h, w); }

std::string to_string(const Padding& padding) {
  if (padding == Padding::same) return "same";
  if (padding == Padding::valid) return "valid";
  return "padding " + evenkeel::to_string(field_value(padding));
}

}  // namespace

std::string to_string(const WindowOptions& o) {
  std::string text = by(o.kernel.h, o.kernel.w);
  const auto add = [&](const char* what, Size2D size) {
    if (size != Size2D(1))
      text += fmt::format(" {} {}", what, size.h == size.w ? std::to_string(size.h) : by(size.h, size.w));
  };
  add("stride", o.strides);
  add("dilation", o.dilation);
  return text + ' ' + to_string(o.padding) + (o.ceil_mode ? " rounded up" : "");
}

kernels::Window window_over(const Shape& x, const WindowOptions& o) {
  if (x.rank() != 4) throw Error{{.where = "input", .expected = "images [N, H, W, C]", .received = to_string(x)}};
  const Padding& p = o.padding;
  if (std::min({p.top, p.bottom, p.left, p.right}) < 0)
    throw Error{{.where = "padding",
                 .expected = "numbers of at least 0",
                 .received = to_string(p),
                 .hint = "Cropping2D takes rows and columns away."}};
  const bool is_same = p == Padding::same;
  const Axis h =
      Axis{x[1], o.strides.h, p.top, p.bottom, span_of(o.kernel.h, o.dilation.h), is_same, o.ceil_mode}.with_padding();
  const Axis w =
      Axis{x[2], o.strides.w, p.left, p.right, span_of(o.kernel.w, o.dilation.w), is_same, o.ceil_mode}.with_padding();
  if (h.out() < 1 || w.out() < 1)
    throw Error{{.where = "input",
                 .expected = fmt::format("images of at least {}, the size of the window{}{}",
                                         by(std::max<std::int64_t>(h.span - h.begin - h.end, 1),
                                            std::max<std::int64_t>(w.span - w.begin - w.end, 1)),
                                         o.dilation == Size2D(1) ? "" : " with its dilation",
                                         p == Padding::valid ? "" : " less the padding"),
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
          .pad_top = h.begin,
          .pad_left = w.begin,
          .oh = h.out(),
          .ow = w.out(),
          .dilation_h = o.dilation.h,
          .dilation_w = o.dilation.w,
          .given_bottom = h.end,
          .given_right = w.end};
}

Shape transposed_over(const Shape& x, const WindowOptions& o, const std::optional<Size2D>& output_padding,
                      std::int64_t channels) {
  if (x.rank() != 4) throw Error{{.where = "input", .expected = "images [N, H, W, C]", .received = to_string(x)}};
  const bool is_same = o.padding == Padding::same;
  const auto size = [&](std::int64_t in, std::int64_t stride, std::int64_t span, std::int64_t padding,
                        std::optional<std::int64_t> more) {
    const std::int64_t all_but_last = (in - 1) * stride;
    if (is_same) return more ? all_but_last + span % 2 + *more : in * stride;
    if (o.padding == Padding::valid && !more) return all_but_last + std::max(span, stride);
    return all_but_last + span - padding + more.value_or(0);
  };
  const auto more_of = [&](std::int64_t Size2D::*side) {
    return output_padding ? std::optional((*output_padding).*side) : std::nullopt;
  };
  const std::int64_t h =
      size(x[1], o.strides.h, span_of(o.kernel.h, o.dilation.h), o.padding.top + o.padding.bottom, more_of(&Size2D::h));
  const std::int64_t w =
      size(x[2], o.strides.w, span_of(o.kernel.w, o.dilation.w), o.padding.left + o.padding.right, more_of(&Size2D::w));
  if (h < 1 || w < 1)
    throw Error{{.where = "output",
                 .expected = "a height and width of at least 1",
                 .received = by(h, w),
                 .hint = "The padding takes rows and columns away."}};
  const Shape images{x[0], h, w, channels};
  const kernels::Window seen = window_over(images, o);
  if (seen.oh != x[1] || seen.ow != x[2])
    throw Error{{.where = "output_padding",
                 .expected = "less than the strides",
                 .received = fmt::format("an output of {}, which a window {} makes {} of", by(h, w), to_string(o),
                                         by(seen.oh, seen.ow))}};
  return images;
}

}  // namespace evenkeel::ops
