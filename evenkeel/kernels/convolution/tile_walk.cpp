#include "evenkeel/kernels/convolution/tile_walk.h"

#include <algorithm>

#include "evenkeel/kernels/matmul/register_tiles.h"
#include "evenkeel/kernels/scratch.h"

namespace evenkeel::kernels::tiled {
namespace {

using tiles::kColumns;
using tiles::kRows;

constexpr std::int64_t kBlockTiles = 16;     // tiles of pixels that are multiplied by a panel while it is in a cache
constexpr std::int64_t kChunk = 1024;        // steps of a panel at a time: 64 KB
constexpr std::int64_t kSmallKernel = 6144;  // numbers: 24 KB

std::int64_t parts_of(const TileWalk& walk, const Phase& phase) {
  return walk.in_strips ? phase.tap_rows : static_cast<std::int64_t>(phase.taps.size());
}
std::int64_t length_of(const TileWalk& walk, const Phase& phase) {
  return walk.in_strips ? static_cast<std::int64_t>(phase.taps.size()) / phase.tap_rows * walk.depth : walk.depth;
}

/// The copy of input rows that a block of output pixels reads, with zeros around the image.
struct Strip {
  Strip(const TileWalk& walk, const Phase& phase) {
    for (const Tap& tap : phase.taps) {
      first_row = std::min(first_row, tap.row), last_row = std::max(last_row, tap.row);
      first_column = std::min(first_column, tap.column), last_column = std::max(last_column, tap.column);
    }
    width = (phase.columns - 1) * walk.in_step_w + last_column - first_column + 1;
    const std::int64_t block_rows = std::min(phase.rows, (kBlockTiles * kRows - 2) / phase.columns + 2);
    most_rows = (block_rows - 1) * walk.in_step_h + last_row - first_row + 1;
  }
  std::int64_t first_row = 0, last_row = 0, first_column = 0, last_column = 0;  ///< of the taps
  std::int64_t width = 0, most_rows = 0;

  std::int64_t numbers(const TileWalk& walk) const { return most_rows * width * walk.depth; }

  /// Copies `rows` rows of an image, from row `top` on.
  void fill(const TileWalk& walk, const float* image, std::int64_t top, std::int64_t rows, float* to) const {
    const std::int64_t left = std::clamp<std::int64_t>(-first_column, 0, width);
    const std::int64_t skipped = std::max<std::int64_t>(first_column, 0);
    const std::int64_t seen = std::clamp<std::int64_t>(walk.w - skipped, 0, width - left);
    for (std::int64_t row = top; row < top + rows; ++row, to += width * walk.depth) {
      if (row < 0 || row >= walk.h) {
        std::fill_n(to, width * walk.depth, 0.0f);
        continue;
      }
      float* at = std::fill_n(to, left * walk.depth, 0.0f);
      at = std::copy_n(image + (row * walk.w + skipped) * walk.depth, seen * walk.depth, at);
      std::fill_n(at, (width - left - seen) * walk.depth, 0.0f);
    }
  }
};

/// The memory of a thread.
struct ThreadMemory {
  const float** pointers = nullptr;  ///< [tile][part][kRows]
  float** outputs = nullptr;         ///< [tile][kRows]
  float* strip = nullptr;

  static std::size_t bytes(const TileWalk& walk) {
    std::int64_t parts = 0, strip = 0;
    for (const Phase& phase : walk.phases) {
      parts = std::max(parts, parts_of(walk, phase));
      if (walk.in_strips) strip = std::max(strip, Strip(walk, phase).numbers(walk));
    }
    return scratch_of<const float*>(kBlockTiles * parts * kRows) + scratch_of<float*>(kBlockTiles * kRows) +
           scratch_of<float>(strip);
  }
  ThreadMemory(const TileWalk& walk, std::byte* memory, std::size_t size, const Phase& phase) {
    Scratch scratch(memory, size);
    outputs = scratch.take<float*>(kBlockTiles * kRows);
    pointers = scratch.take<const float*>(kBlockTiles * parts_of(walk, phase) * kRows);
    if (walk.in_strips) strip = scratch.take<float>(Strip(walk, phase).numbers(walk));
  }
};

/// One phase of one run.
class PhaseRun {
 public:
  PhaseRun(const TileWalk& walk, const Phase& phase, const float* in, const float* packed, const float* bias,
           Activation f, float* out, const float* zeros)
      : walk_(walk),
        phase_(phase),
        strip_(walk, phase),
        in_(in),
        packed_(packed + phase.packed_begin),
        bias_(bias),
        f_(f),
        out_(out),
        zeros_(zeros),
        parts_(parts_of(walk, phase)),
        length_(length_of(walk, phase)),
        groups_(walk.in_strips ? walk.n : 1),
        pixels_(phase.rows * phase.columns * (walk.in_strips ? 1 : walk.n)) {}

  std::int64_t tiles_of_group() const { return (pixels_ + kRows - 1) / kRows; }
  std::int64_t tiles() const { return groups_ * tiles_of_group(); }

  /// Multiplies the tiles [begin, end) of pixels by the panels [first, last) of the kernel.
  void run(std::int64_t begin, std::int64_t end, std::int64_t first, std::int64_t last, ThreadMemory& memory) const {
    for (std::int64_t tile = begin; tile < end;) {
      const std::int64_t group = tile / tiles_of_group(), place = tile % tiles_of_group();
      const std::int64_t count = std::min({kBlockTiles, end - tile, tiles_of_group() - place});
      const std::int64_t pixels = std::min(count * kRows, pixels_ - place * kRows);
      if (walk_.in_strips)
        point_to_strip(group, place * kRows, pixels, memory);
      else
        point_to_image(place * kRows, pixels, memory);
      // A small kernel stays in the level-1 cache: then rows of the output are written from their begin to their end.
      const bool is_small = parts_ * length_ * (last - first) * kColumns <= kSmallKernel;
      for (std::int64_t panel = first; panel < last; panel += is_small ? last - first : 1)
        multiply(pixels, panel, is_small ? last - first : 1, memory);
      finish(pixels, first, last, memory);
      tile += count;
    }
  }

 private:
  struct Pixel {
    std::int64_t image, r, s;
  };
  Pixel pixel_at(std::int64_t index) const {
    return {index / phase_.columns / phase_.rows, index / phase_.columns % phase_.rows, index % phase_.columns};
  }
  void next(Pixel& at) const {
    if (++at.s < phase_.columns) return;
    at.s = 0;
    if (++at.r < phase_.rows) return;
    at.r = 0, ++at.image;
  }
  float* output_of(const Pixel& at) const {
    const std::int64_t row = phase_.first_row + at.r * walk_.out_step_h;
    const std::int64_t column = phase_.first_column + at.s * walk_.out_step_w;
    return out_ + ((at.image * walk_.out_h + row) * walk_.out_w + column) * walk_.channels;
  }
  const float** slot(std::int64_t pixel, const ThreadMemory& memory) const {
    return memory.pointers + pixel / kRows * parts_ * kRows + pixel % kRows;
  }

  void point_to_image(std::int64_t first, std::int64_t count, ThreadMemory& memory) const {
    Pixel at = pixel_at(first);
    for (std::int64_t i = 0; i < count; ++i, next(at)) {
      memory.outputs[i] = output_of(at);
      const float** to = slot(i, memory);
      const float* const image = in_ + at.image * walk_.h * walk_.w * walk_.depth;
      const std::int64_t top = at.r * walk_.in_step_h, left = at.s * walk_.in_step_w;
      for (const Tap& tap : phase_.taps) {
        const std::int64_t row = top + tap.row, column = left + tap.column;
        const bool is_inside = row >= 0 && row < walk_.h && column >= 0 && column < walk_.w;
        *to = is_inside ? image + (row * walk_.w + column) * walk_.depth : zeros_;
        to += kRows;
      }
    }
  }

  void point_to_strip(std::int64_t image, std::int64_t first, std::int64_t count, ThreadMemory& memory) const {
    Pixel at = pixel_at(first);
    const std::int64_t first_r = at.r, last_r = (first + count - 1) / phase_.columns;
    const std::int64_t top = first_r * walk_.in_step_h + strip_.first_row;
    strip_.fill(walk_, in_ + image * walk_.h * walk_.w * walk_.depth, top,
                (last_r - first_r) * walk_.in_step_h + strip_.last_row - strip_.first_row + 1, memory.strip);
    const std::int64_t taps_of_row = static_cast<std::int64_t>(phase_.taps.size()) / phase_.tap_rows;
    for (std::int64_t i = 0; i < count; ++i, next(at)) {
      memory.outputs[i] = output_of({image, at.r, at.s});
      const float** to = slot(i, memory);
      for (std::int64_t part = 0; part < parts_; ++part, to += kRows) {
        const Tap& tap = phase_.taps[static_cast<std::size_t>(part * taps_of_row)];
        const std::int64_t row = at.r * walk_.in_step_h + tap.row - top;
        const std::int64_t column = at.s * walk_.in_step_w + tap.column - strip_.first_column;
        *to = memory.strip + (row * strip_.width + column) * walk_.depth;
      }
    }
  }

  void multiply(std::int64_t pixels, std::int64_t panel, std::int64_t panels, const ThreadMemory& memory) const {
    const std::int64_t at_once = std::max<std::int64_t>(1, kChunk / length_);
    const std::int64_t column = panel * kColumns, columns = std::min(panels * kColumns, walk_.channels - column);
    if (parts_ == 0)  // pixels that no output reads
      for (std::int64_t i = 0; i < pixels; ++i) std::fill_n(memory.outputs[i] + column, columns, 0.0f);
    for (std::int64_t part = 0; part < parts_; part += at_once)
      tiles::multiply_rows({.rows = memory.pointers + part * kRows,
                            .tile_step = parts_ * kRows,
                            .parts = std::min(at_once, parts_ - part),
                            .length = length_,
                            .panel = packed_ + (panel * parts_ + part) * length_ * kColumns,
                            .panel_step = parts_ * length_ * kColumns,
                            .c = memory.outputs,
                            .column = column,
                            .row_count = pixels,
                            .column_count = columns,
                            .begin = part > 0 ? tiles::Begin::sums
                                     : bias_  ? tiles::Begin::bias
                                              : tiles::Begin::zero,
                            .bias = bias_});
  }

  /// The activation of what is still in a cache.
  void finish(std::int64_t pixels, std::int64_t first, std::int64_t last, const ThreadMemory& memory) const {
    if (f_ == Activation::linear) return;
    static const Threads one(1);
    const std::int64_t begin = first * kColumns, end = std::min(last * kColumns, walk_.channels);
    const bool whole = begin == 0 && end == walk_.channels && walk_.out_step_w == 1;
    const std::int64_t at_once = whole ? pixels : 1;
    for (std::int64_t i = 0; i < pixels; i += at_once) {
      const std::span<float> y(memory.outputs[i] + begin, static_cast<std::size_t>(at_once * (end - begin)));
      activate<float>(f_, y, y, one);
    }
  }

  const TileWalk& walk_;
  const Phase& phase_;
  Strip strip_;
  const float *in_, *packed_, *bias_;
  Activation f_;
  float* out_;
  const float* zeros_;
  std::int64_t parts_, length_, groups_, pixels_;
};

/// The part of the threads' time that is used if so many pieces are given to them.
double use_of(std::int64_t pieces, const Threads& threads) {
  const std::int64_t rounds = (pieces + threads.count() - 1) / threads.count();
  return static_cast<double>(pieces) / static_cast<double>(rounds * threads.count());
}

/// Whether a row of taps reads neighbouring input pixels, the same number in each row.
bool has_whole_rows(const Phase& phase) {
  const std::size_t width = phase.taps.size() / static_cast<std::size_t>(phase.tap_rows);
  if (width * static_cast<std::size_t>(phase.tap_rows) != phase.taps.size()) return false;
  for (std::size_t i = 0; i < phase.taps.size(); ++i) {
    const Tap &tap = phase.taps[i], &first = phase.taps[i / width * width];
    if (tap.row != first.row || tap.column != first.column + static_cast<std::int64_t>(i % width)) return false;
  }
  return true;
}

void complete(TileWalk& walk) {
  constexpr std::int64_t kFewChannels = 24;
  walk.in_strips = walk.depth < kFewChannels;
  std::int64_t begin = 0;
  std::erase_if(walk.phases, [](const Phase& phase) { return phase.rows <= 0 || phase.columns <= 0; });
  for (Phase& phase : walk.phases) {
    std::ranges::sort(phase.taps, {}, [](const Tap& tap) { return std::pair(tap.row, tap.column); });
    phase.tap_rows = 0;
    for (std::size_t i = 0; i < phase.taps.size(); ++i)
      if (i == 0 || phase.taps[i].row != phase.taps[i - 1].row) ++phase.tap_rows;
    phase.packed_begin = begin;
    begin += tiles::panels_of(walk.channels) * static_cast<std::int64_t>(phase.taps.size()) * walk.depth * kColumns;
    if (phase.taps.size() <= 1 || !has_whole_rows(phase)) walk.in_strips = false;
  }
}

}  // namespace

TileWalk TileWalk::forward(const Window& at, std::int64_t filters) {
  TileWalk walk{.n = at.n,
                .h = at.h,
                .w = at.w,
                .depth = at.c,
                .out_h = at.oh,
                .out_w = at.ow,
                .channels = filters,
                .in_step_h = at.stride_h,
                .in_step_w = at.stride_w,
                .kernel_w = at.kernel_w};
  Phase phase{.rows = at.oh, .columns = at.ow};
  for (std::int64_t a = 0; a < at.kernel_h; ++a)
    for (std::int64_t b = 0; b < at.kernel_w; ++b)
      phase.taps.push_back({a, b, a * at.dilation_h - at.pad_top, b * at.dilation_w - at.pad_left});
  walk.phases.push_back(std::move(phase));
  complete(walk);
  return walk;
}

TileWalk TileWalk::data_gradient(const Window& at, std::int64_t filters) {
  TileWalk walk{.n = at.n,
                .h = at.oh,
                .w = at.ow,
                .depth = filters,
                .out_h = at.h,
                .out_w = at.w,
                .channels = at.c,
                .out_step_h = at.stride_h,
                .out_step_w = at.stride_w,
                .kernel_w = at.kernel_w,
                .transposed = true};
  for (std::int64_t u = 0; u < at.stride_h; ++u)
    for (std::int64_t v = 0; v < at.stride_w; ++v) {
      Phase phase{.rows = (at.h - u + at.stride_h - 1) / at.stride_h,
                  .columns = (at.w - v + at.stride_w - 1) / at.stride_w,
                  .first_row = u,
                  .first_column = v};
      // dx row u + r stride_h is read by output row o where o stride_h - pad_top + a dilation_h is that row.
      for (std::int64_t a = 0; a < at.kernel_h; ++a)
        for (std::int64_t b = 0; b < at.kernel_w; ++b) {
          const std::int64_t row = u + at.pad_top - a * at.dilation_h, column = v + at.pad_left - b * at.dilation_w;
          if (row % at.stride_h == 0 && column % at.stride_w == 0)
            phase.taps.push_back({a, b, row / at.stride_h, column / at.stride_w});
        }
      walk.phases.push_back(std::move(phase));
    }
  complete(walk);
  return walk;
}

std::size_t TileWalk::packed_bytes() const {
  std::int64_t numbers = 0;
  for (const Phase& phase : phases)
    numbers += tiles::panels_of(channels) * static_cast<std::int64_t>(phase.taps.size()) * depth * kColumns;
  return scratch_of<float>(numbers);
}

void TileWalk::pack(const float* kernel, float* packed, const Threads& threads) const {
  const std::int64_t panels = tiles::panels_of(channels);
  for (const Phase& phase : phases) {
    const auto taps = static_cast<std::int64_t>(phase.taps.size());
    threads.parallel(panels * taps, 1, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t i = begin; i < end; ++i) {
        const Tap& tap = phase.taps[static_cast<std::size_t>(i % taps)];
        const float* const from = kernel + (tap.a * kernel_w + tap.b) * channels * depth;
        const std::int64_t first = i / taps * kColumns, count = std::min(kColumns, channels - first);
        float* to = packed + phase.packed_begin + i * depth * kColumns;
        for (std::int64_t d = 0; d < depth; ++d, to += kColumns) {
          if (transposed)
            for (std::int64_t j = 0; j < count; ++j) to[j] = from[(first + j) * depth + d];
          else
            std::copy_n(from + d * channels + first, count, to);
          std::fill(to + count, to + kColumns, 0.0f);
        }
      }
    });
  }
}

std::size_t TileWalk::scratch_bytes(const Threads& threads) const {
  return scratch_of<float>(depth) + static_cast<std::size_t>(threads.count()) * ThreadMemory::bytes(*this);
}

void TileWalk::run(const float* in, const float* packed, const float* bias, Activation f, float* out,
                   std::byte* scratch, const Threads& threads) const {
  float* const zeros = reinterpret_cast<float*>(scratch);
  std::fill_n(zeros, depth, 0.0f);
  const std::size_t bytes = ThreadMemory::bytes(*this);
  std::byte* const memory = scratch + scratch_of<float>(depth);
  for (const Phase& phase : phases) {
    const PhaseRun run(*this, phase, in, packed, bias, f, out, zeros);
    const std::int64_t panels = tiles::panels_of(channels), pixel_tiles = run.tiles();
    // Threads share the pixels, or, where these are few, the filters.
    const bool by_pixels =
        use_of(pixel_tiles, threads) >= use_of(panels, threads) || pixel_tiles >= 64 * threads.count();
    threads.parallel(by_pixels ? pixel_tiles : panels, 1, [&](std::int64_t begin, std::int64_t end, int thread) {
      ThreadMemory own(*this, memory + static_cast<std::size_t>(thread) * bytes, bytes, phase);
      if (by_pixels)
        run.run(begin, end, 0, panels, own);
      else
        run.run(0, pixel_tiles, begin, end, own);
    });
  }
}

}  // namespace evenkeel::kernels::tiled
