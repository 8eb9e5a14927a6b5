#include "evenkeel/kernels/convolution/winograd.h"

#include <algorithm>
#include <array>

#include "evenkeel/kernels/convolution/convolution_tiled.h"
#include "evenkeel/kernels/convolution/winograd_transforms.h"
#include "evenkeel/kernels/matmul/register_tiles.h"
#include "evenkeel/kernels/scratch.h"

namespace evenkeel::kernels::winograd {
namespace {

using tiles::kColumns;
using tiles::kRows;

constexpr std::int64_t kMostTiles = 8 * kRows;  // of a block: its transformed tiles stay in a cache

/// The convolution of images [n, h, w, depth] with 3x3 kernels, for both directions.
struct Winograd {
  std::int64_t n = 0, h = 0, w = 0, depth = 0;
  std::int64_t out_h = 0, out_w = 0, channels = 0;
  std::int64_t pad_top = 0, pad_left = 0;
  bool rotated = false;  ///< the data gradient: the kernel turned by half a turn, its filters as inputs

  std::int64_t tile_rows() const { return (out_h + 1) / 2; }
  std::int64_t tile_columns() const { return (out_w + 1) / 2; }
  std::int64_t tiles() const { return n * tile_rows() * tile_columns(); }
  std::int64_t panels() const { return tiles::panels_of(channels); }
  std::int64_t element() const { return panels() * depth * kColumns; }  ///< numbers of u for each e
  std::size_t packed_bytes() const { return scratch_of<float>(kElements * element()); }

  /// Whether enough multiplications are saved to pay for the transformations, and for kernels of 16 / 9 of the size.
  /// These are made for `least_tiles` tiles at least.
  bool repays(std::int64_t least_tiles) const {
    constexpr std::int64_t kFewChannels = 32;
    return depth >= kFewChannels && channels >= kFewChannels && tiles() >= least_tiles &&
           tiles() * 16 <= 6 * n * out_h * out_w;
  }

  void pack(const float* kernel, float* u, const Threads& threads) const {
    const KernelPart part{
        .kernel = kernel, .c = rotated ? channels : depth, .filters = rotated ? depth : channels, .rotated = rotated};
    threads.parallel(panels(), 1, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t panel = begin; panel < end; ++panel)
        transform_kernel_panel(part, panel * kColumns, std::min(kColumns, channels - panel * kColumns),
                               u + panel * depth * kColumns, element());
    });
  }

  std::size_t thread_bytes() const { return scratch_of<float>(kElements * kMostTiles * (depth + channels)); }
  std::size_t scratch_bytes(const Threads& threads) const {
    return scratch_of<float>(depth) + static_cast<std::size_t>(threads.count()) * thread_bytes();
  }
};

/// One run.
struct Run {
  const Winograd& at;
  const float *in, *u, *bias;
  Activation f;
  float* out;
  const float* zeros;

  struct Place {
    std::int64_t image, row, column;  ///< of the first output pixel
  };
  Place place_of(std::int64_t tile) const {
    const std::int64_t column = tile % at.tile_columns(), row = tile / at.tile_columns();
    return {row / at.tile_rows(), row % at.tile_rows() * 2, column * 2};
  }

  void transform(std::int64_t tile, float* v, std::int64_t stride) const {
    const Place place = place_of(tile);
    const float* const image = in + place.image * at.h * at.w * at.depth;
    std::array<const float*, kElements> pixels{};
    for (std::int64_t e = 0; e < kElements; ++e) {
      const std::int64_t row = place.row - at.pad_top + e / 4, column = place.column - at.pad_left + e % 4;
      const bool is_inside = row >= 0 && row < at.h && column >= 0 && column < at.w;
      pixels[static_cast<std::size_t>(e)] = is_inside ? image + (row * at.w + column) * at.depth : zeros;
    }
    transform_input(pixels.data(), at.depth, v, stride);
  }

  /// Multiplies the block's tiles by each element of the kernels: m[e] = v[e] u[e].
  void multiply(const float* v, float* m, std::int64_t count) const {
    std::array<const float*, kMostTiles> rows{};
    std::array<float*, kMostTiles> sums{};
    for (std::int64_t e = 0; e < kElements; ++e) {
      for (std::int64_t i = 0; i < count; ++i) {
        rows[static_cast<std::size_t>(i)] = v + (e * count + i) * at.depth;
        sums[static_cast<std::size_t>(i)] = m + (e * count + i) * at.channels;
      }
      for (std::int64_t panel = 0; panel < at.panels(); ++panel) {
        const std::int64_t column = panel * kColumns;
        tiles::multiply_rows({.rows = rows.data(),
                              .tile_step = kRows,
                              .length = at.depth,
                              .panel = u + e * at.element() + panel * at.depth * kColumns,
                              .c = sums.data(),
                              .column = column,
                              .row_count = count,
                              .column_count = std::min(kColumns, at.channels - column)});
      }
    }
  }

  void write(std::int64_t first, std::int64_t count, const float* m) const {
    std::array<float*, 4 * kMostTiles> outputs{};
    for (std::int64_t i = 0; i < count; ++i) {
      const Place place = place_of(first + i);
      float* const y = out + ((place.image * at.out_h + place.row) * at.out_w + place.column) * at.channels;
      const bool has_right = place.column + 1 < at.out_w, has_below = place.row + 1 < at.out_h;
      float** const to = outputs.data() + 4 * i;
      to[0] = y;
      to[1] = has_right ? y + at.channels : nullptr;
      to[2] = has_below ? y + at.out_w * at.channels : nullptr;
      to[3] = has_right && has_below ? y + (at.out_w + 1) * at.channels : nullptr;
    }
    transform_output({.m = m,
                      .stride = count * at.channels,
                      .channels = at.channels,
                      .count = count,
                      .outputs = outputs.data(),
                      .bias = bias,
                      .f = f});
  }

  void operator()(std::int64_t begin, std::int64_t end, float* memory) const {
    float* const v = memory;
    float* const m = memory + kElements * kMostTiles * at.depth;
    for (std::int64_t first = begin; first < end; first += kMostTiles) {
      const std::int64_t count = std::min(kMostTiles, end - first);
      for (std::int64_t i = 0; i < count; ++i) transform(first + i, v + i * at.depth, count * at.depth);
      multiply(v, m, count);
      write(first, count, m);
    }
  }
};

void run(const Winograd& at, const float* in, const std::byte* packed, const float* bias, Activation f, float* out,
         std::byte* scratch, const Threads& threads) {
  float* const zeros = reinterpret_cast<float*>(scratch);
  std::fill_n(zeros, at.depth, 0.0f);
  const Run run{at, in, reinterpret_cast<const float*>(packed), bias, f, out, zeros};
  threads.parallel(at.tiles(), kRows, [&](std::int64_t begin, std::int64_t end, int thread) {
    run(begin, end,
        reinterpret_cast<float*>(scratch + scratch_of<float>(at.depth) +
                                 static_cast<std::size_t>(thread) * at.thread_bytes()));
  });
}

constexpr const char* kWinograd = "Winograd 2x2, register tiles";

/// Where AVX-512 is computed in halves, our tiles are no faster than oneDNN's, but there are fewer products of them.
bool repays_winograd(const Machine& machine) { return tiled::repays_tiles(machine) || machine.avx512_in_halves; }

bool serves(const Window& at, const Machine& machine) {
  return repays_winograd(machine) && at.groups == 1 && at.kernel_h == 3 && at.kernel_w == 3 && at.stride_h == 1 &&
         at.stride_w == 1 && !at.is_dilated() && !at.has_empty_windows();
}

Winograd forward(const Window& at, std::int64_t filters) {
  return {.n = at.n,
          .h = at.h,
          .w = at.w,
          .depth = at.c,
          .out_h = at.oh,
          .out_w = at.ow,
          .channels = filters,
          .pad_top = at.pad_top,
          .pad_left = at.pad_left};
}
Winograd data_gradient(const Window& at, std::int64_t filters) {
  return {.n = at.n,
          .h = at.oh,
          .w = at.ow,
          .depth = filters,
          .out_h = at.h,
          .out_w = at.w,
          .channels = at.c,
          .pad_top = 2 - at.pad_top,
          .pad_left = 2 - at.pad_left,
          .rotated = true};
}

}  // namespace

std::optional<PreparedForward<float>> convolution(const Window& window, std::int64_t filters, bool, Activation f,
                                                  const Machine& machine, const Threads& threads) {
  constexpr std::int64_t kFewTiles = 48;
  if (!serves(window, machine) || !forward(window, filters).repays(kFewTiles)) return std::nullopt;
  return prepare_convolution(window, filters, f, threads);
}

// Its kernels are transformed in every step, so it takes more tiles to repay that.
std::optional<PreparedDataGradient<float>> convolution_data_gradient(const Window& window, std::int64_t filters,
                                                                     const Machine& machine, const Threads& threads) {
  constexpr std::int64_t kFewTiles = 192;
  if (!serves(window, machine) || !data_gradient(window, filters).repays(kFewTiles)) return std::nullopt;
  return prepare_data_gradient(window, filters, threads);
}

PreparedForward<float> prepare_convolution(const Window& window, std::int64_t filters, Activation f,
                                           const Threads& threads) {
  const Winograd at = forward(window, filters);
  const auto pack = [=](const float* kernel, std::byte* packed, std::byte*) {
    at.pack(kernel, reinterpret_cast<float*>(packed), threads);
  };
  const auto compute = [=](const float* x, const std::byte* packed, const float* bias, float* y, std::byte* scratch) {
    run(at, x, packed, bias, f, y, scratch + at.packed_bytes(), threads);
  };
  return PreparedForward<float>{
      .name = kWinograd,
      .scratch_bytes = at.packed_bytes() + at.scratch_bytes(threads),
      .run =
          [=](const float* x, const float* kernel, const float* bias, float* y, std::byte* scratch) {
            pack(kernel, scratch, nullptr);
            compute(x, scratch, bias, y, scratch);
          },
      .pack = pack,
      .packed_bytes = at.packed_bytes(),
      .run_packed = compute};
}

PreparedDataGradient<float> prepare_data_gradient(const Window& window, std::int64_t filters, const Threads& threads) {
  const Winograd at = data_gradient(window, filters);
  return PreparedDataGradient<float>{.name = kWinograd,
                                     .scratch_bytes = at.packed_bytes() + at.scratch_bytes(threads),
                                     .run = [=](const float* dy, const float* kernel, float* dx, std::byte* scratch) {
                                       at.pack(kernel, reinterpret_cast<float*>(scratch), threads);
                                       run(at, dy, scratch, nullptr, Activation::linear, dx,
                                           scratch + at.packed_bytes(), threads);
                                     }};
}

}  // namespace evenkeel::kernels::winograd
