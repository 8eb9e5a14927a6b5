#pragma once

#include <cstddef>
#include <vector>

#include "evenkeel/kernels/window.h"

// The loops over windows that reference kernels use.

namespace evenkeel::kernels::reference {

/// Calls body(image, i, j) for each output pixel, in row-major order.
template <class Body>
void for_each_output(const Window& window, Body body) {
  for (std::int64_t image = 0; image < window.n; ++image)
    for (std::int64_t i = 0; i < window.oh; ++i)
      for (std::int64_t j = 0; j < window.ow; ++j) body(image, i, j);
}

/// Calls body(a, b, row, column) for each tap (a, b) that connects output pixel (i, j) with an input pixel.
template <class Body>
void for_each_tap(const Window& window, std::int64_t i, std::int64_t j, Body body) {
  const Extent rows = window.row_taps(i), columns = window.column_taps(j);
  const std::int64_t top = i * window.stride_h - window.pad_top, left = j * window.stride_w - window.pad_left;
  for (std::int64_t a = rows.begin; a < rows.end; ++a)
    for (std::int64_t b = columns.begin; b < columns.end; ++b)
      body(a, b, top + a * window.dilation_h, left + b * window.dilation_w);
}

/// Calls body(a, b, i, j) for each tap (a, b) that connects input pixel (row, column) with an output pixel (i, j).
template <class Body>
void for_each_viewer(const Window& window, std::int64_t row, std::int64_t column, Body body) {
  for (std::int64_t a = 0; a < window.kernel_h; ++a) {
    const std::int64_t i = row + window.pad_top - a * window.dilation_h;
    if (i < 0 || i % window.stride_h != 0 || i / window.stride_h >= window.oh) continue;
    for (std::int64_t b = 0; b < window.kernel_w; ++b) {
      const std::int64_t j = column + window.pad_left - b * window.dilation_w;
      if (j < 0 || j % window.stride_w != 0 || j / window.stride_w >= window.ow) continue;
      body(a, b, i / window.stride_h, j / window.stride_w);
    }
  }
}

/// Calls body(at, places) for each element `at` of y, with the places in x of the same channel that are in its window,
/// in row-major order.
template <class Body>
void for_each_window(const Window& window, Body body) {
  std::vector<std::size_t> places;
  std::size_t at = 0;
  for_each_output(window, [&](std::int64_t image, std::int64_t i, std::int64_t j) {
    for (std::int64_t c = 0; c < window.c; ++c, ++at) {
      places.clear();
      for_each_tap(window, i, j, [&](std::int64_t, std::int64_t, std::int64_t row, std::int64_t column) {
        places.push_back(static_cast<std::size_t>(((image * window.h + row) * window.w + column) * window.c + c));
      });
      body(at, places);
    }
  });
}

}  // namespace evenkeel::kernels::reference
