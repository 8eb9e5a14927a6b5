#pragma once

#include <cstdint>
#include <vector>

#include "evenkeel/kernels/window.h"

namespace evenkeel::kernels::depthwise {

/// A row or column of the kernel, and the row or column of the input that it meets.
struct Tap {
  std::int64_t of_kernel = 0, of_input = 0;
};

/// Columns of the output that meet the same taps: columns first, first + step, ..., `count` of them. From one to the
/// next the input's column moves by `stride`.
struct Phase {
  std::int64_t first = 0, step = 1, count = 0, stride = 1;
  std::vector<Tap> taps = {};  ///< at the first column; may be outside the input and its margins
  Extent inside = {};          ///< of these columns, those at which all taps are inside
};

/// A pass over images [n, in_h, in_w, c] that makes images [n, out_h, out_w, c]. Forward, y reads x. Backward, dx reads
/// dy: columns of dx that are `stride` apart meet the same taps, so there is a phase for each remainder.
struct Walk {
  std::int64_t n = 0, in_h = 0, in_w = 0, out_h = 0, out_w = 0, c = 0;
  std::int64_t kernel_h = 1, kernel_w = 1;
  std::int64_t left = 0, right = 0;         ///< columns of zeros with which input rows are copied; `in_w` is without
  std::vector<std::vector<Tap>> rows = {};  ///< by row of the output; inside the input
  std::vector<Phase> phases = {};           ///< their columns count from the margin's first

  /// The most rows of the input from the first that an output row meets to its last.
  std::int64_t rows_at_once() const;
  /// How many columns of the output meet taps outside the input: each is computed by itself.
  std::int64_t rim() const;
  /// The same with margins so wide that there are none.
  Walk with_margins() const;
};

Walk forward_walk(const Window& window);
Walk backward_walk(const Window& window);

}  // namespace evenkeel::kernels::depthwise
