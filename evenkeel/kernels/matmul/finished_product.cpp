// Cost: a is read from memory once, and once from a cache for each panel of columns; c is written once. A panel of b is
// read from a cache for each tile of rows: 24 numbers for 192 multiply-adds.

#include "evenkeel/kernels/matmul/finished_product.h"

#include <algorithm>
#include <limits>

#include "evenkeel/kernels/elementwise/elementwise.h"
#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/matmul/finished_product.cpp"
#include "hwy/foreach_target.h"  // before any other header of Highway: a block of its own

#include "evenkeel/kernels/simd/dispatch.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using tiles::FinishedProduct;
// Vectors of 8 even with AVX-512: 8, 24 or 40 channels are common, and Zen 4 is as fast with them.
using ProductTag = hn::CappedTag<float, 8>;
using ProductVec = hn::Vec<ProductTag>;
inline constexpr ProductTag kProductTag;
inline constexpr std::int64_t kProductLanes = hn::MaxLanes(ProductTag());
// Sums in registers: 24 of AVX-512's 32, 12 of 16 otherwise.
inline constexpr std::int64_t kMostRows = HWY_TARGET == HWY_AVX3 ? 8 : 6;
inline constexpr std::int64_t kMostVectors = HWY_TARGET == HWY_AVX3 ? 3 : 2;

/// Columns that are multiplied together.
struct ColumnPanel {
  std::int64_t first, vectors, columns;
};

/// A matrix's columns in panels of 1 to kMostVectors vectors, as equal as can be.
class ColumnPanels {
 public:
  explicit ColumnPanels(std::int64_t columns)
      : columns_(columns),
        vectors_((columns + kProductLanes - 1) / kProductLanes),
        count_((vectors_ + kMostVectors - 1) / kMostVectors) {}

  std::int64_t count() const { return count_; }
  ColumnPanel at(std::int64_t panel) const {
    const std::int64_t begin = panel * vectors_ / count_, end = (panel + 1) * vectors_ / count_;
    const std::int64_t first = begin * kProductLanes;
    return {first, end - begin, std::min((end - begin) * kProductLanes, columns_ - first)};
  }

 private:
  std::int64_t columns_, vectors_, count_;
};

/// Tiles of rows below each other, by one panel.
struct TilesOfRows {
  const float* a;
  const float* b;
  const float* bias;
  const float* addend;
  float* c;
  std::int64_t depth, c_step, columns, count;
  float low, high;  ///< of the sums: an activation that only limits is computed here
};

HWY_INLINE ProductVec load_some(const float* from, std::int64_t count) {
  if (count >= kProductLanes) return hn::LoadU(kProductTag, from);
  HWY_ALIGN float lanes[kProductLanes] = {};
  for (std::int64_t i = 0; i < count; ++i) lanes[i] = from[i];
  return hn::Load(kProductTag, lanes);
}
HWY_INLINE void store_some(ProductVec v, float* to, std::int64_t count) {
  if (count >= kProductLanes) return hn::StoreU(v, kProductTag, to);
  HWY_ALIGN float lanes[kProductLanes];
  hn::Store(v, kProductTag, lanes);
  for (std::int64_t i = 0; i < count; ++i) to[i] = lanes[i];
}

template <int kRows, int kVectors>
HWY_NOINLINE void multiply_tiles(const TilesOfRows& t) {
  const std::int64_t depth = t.depth, c_step = t.c_step, columns = t.columns;
  const ProductVec low = hn::Set(kProductTag, t.low), high = hn::Set(kProductTag, t.high);
  ProductVec begin[kVectors];
  for (std::int64_t v = 0; v < kVectors; ++v)
    begin[v] = t.bias ? load_some(t.bias + v * kProductLanes, columns - v * kProductLanes) : hn::Zero(kProductTag);
  const float* a = t.a;
  float* c = t.c;
  const float* addend = t.addend;
  for (std::int64_t tile = 0; tile < t.count; ++tile, a += kRows * depth, c += kRows * c_step) {
    ProductVec sums[kRows][kVectors];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sums[r][v] = begin[v];
    const float* b = t.b;
#pragma GCC unroll 4
    for (std::int64_t k = 0; k < depth; ++k, b += kVectors * kProductLanes) {
      ProductVec of_b[kVectors];
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) of_b[v] = hn::LoadU(kProductTag, b + v * kProductLanes);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const ProductVec of_a = hn::Set(kProductTag, a[r * depth + k]);
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(of_a, of_b[v], sums[r][v]);
      }
    }
    if (addend) {
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < kVectors; ++v)
          sums[r][v] =
              hn::Add(sums[r][v], load_some(addend + r * c_step + v * kProductLanes, columns - v * kProductLanes));
      addend += kRows * c_step;
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        const ProductVec sum = sums[r][v];  // Min and Max would lose a NaN
        const ProductVec kept = hn::IfThenElse(hn::Lt(sum, low), low, hn::IfThenElse(hn::Gt(sum, high), high, sum));
        store_some(kept, c + r * c_step + v * kProductLanes, columns - v * kProductLanes);
      }
  }
}

template <int kVectors>
void multiply_tiles_of(std::int64_t rows, const TilesOfRows& t) {
  switch (rows) {
    case 1: return multiply_tiles<1, kVectors>(t);
    case 2: return multiply_tiles<2, kVectors>(t);
    case 3: return multiply_tiles<3, kVectors>(t);
    case 4: return multiply_tiles<4, kVectors>(t);
    case 5: return multiply_tiles<5, kVectors>(t);
#if HWY_TARGET == HWY_AVX3
    case 6: return multiply_tiles<6, kVectors>(t);
    case 7: return multiply_tiles<7, kVectors>(t);
#endif
    default: return multiply_tiles<static_cast<int>(kMostRows), kVectors>(t);
  }
}

HWY_INLINE void multiply_tiles_by(const ColumnPanel& panel, std::int64_t rows, const TilesOfRows& t) {
  if (t.count == 0) return;
  switch (panel.vectors) {
    case 1: return multiply_tiles_of<1>(rows, t);
#if HWY_TARGET == HWY_AVX3
    case 2: return multiply_tiles_of<2>(rows, t);
#endif
    default: return multiply_tiles_of<static_cast<int>(kMostVectors)>(rows, t);
  }
}

/// What is left of f when the sums have been limited to [low, high].
struct Limits {
  explicit Limits(const Activation& f) {
    using enum Activation::Kind;
    if (f.kind == relu) low = 0;
    if (f.kind == clip) low = static_cast<float>(f.a), high = static_cast<float>(f.b);
    are_all = f.kind == linear || f.kind == relu || f.kind == clip;
  }
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();
  bool are_all = false;
};

/// The rows [begin, end) of c in the panels [first, last).
void multiply_and_finish_part(const FinishedProduct& p, std::int64_t begin, std::int64_t end, std::int64_t first,
                              std::int64_t last, const Threads& one) {
  constexpr std::int64_t kBlock = 49152;  // numbers of a and c that stay in the level-2 cache: 192 KB
  const ColumnPanels panels(p.columns);
  const Limits limits(p.f);
  const std::int64_t block = std::max(kMostRows, kBlock / (p.depth + p.columns) / kMostRows * kMostRows);
  for (std::int64_t row = begin; row < end; row += block) {
    // Tiles as equal as can be: a tile of few rows takes almost as long as a whole one.
    const std::int64_t rows = std::min(block, end - row), tiles = (rows + kMostRows - 1) / kMostRows;
    const std::int64_t small = rows / tiles, larger = rows % tiles;
    for (std::int64_t q = first; q < last; ++q) {
      const ColumnPanel panel = panels.at(q);
      const auto tiles_at = [&](std::int64_t at, std::int64_t count) {
        return TilesOfRows{.a = p.a + at * p.depth,
                           .b = p.packed + panel.first * p.depth,
                           .bias = p.bias ? p.bias + panel.first : nullptr,
                           .addend = p.addend ? p.addend + at * p.columns + panel.first : nullptr,
                           .c = p.c + at * p.columns + panel.first,
                           .depth = p.depth,
                           .c_step = p.columns,
                           .columns = panel.columns,
                           .count = count,
                           .low = limits.low,
                           .high = limits.high};
      };
      multiply_tiles_by(panel, small + 1, tiles_at(row, larger));
      multiply_tiles_by(panel, small, tiles_at(row + larger * (small + 1), tiles - larger));
    }
    if (limits.are_all) continue;
    const std::int64_t left = panels.at(first).first, right = panels.at(last - 1).first + panels.at(last - 1).columns;
    const std::int64_t at_once = right - left == p.columns ? rows : 1;
    for (std::int64_t at = row; at < row + rows; at += at_once) {
      const std::span<float> y(p.c + at * p.columns + left, static_cast<std::size_t>(at_once * (right - left)));
      activate<float>(p.f, y, y, one);
    }
  }
}

void multiply_and_finish_here(const FinishedProduct& p, const Threads& threads, const Threads& one) {
  constexpr std::int64_t kLeastWork = 1 << 16;  // multiply-adds that are worth a thread
  const std::int64_t panels = ColumnPanels(p.columns).count(), tiles = (p.rows + kMostRows - 1) / kMostRows;
  const std::int64_t pieces = std::clamp<std::int64_t>(p.rows * p.depth * p.columns / kLeastWork, 1, threads.count());
  // Parts of rows times parts of columns: whatever takes the least time, as 16 multiply-adds take as long as half a
  // number from the level-2 cache.
  const auto cost = [&](std::int64_t down) {
    const std::int64_t rows = (tiles + down - 1) / down * kMostRows, across = pieces / down;
    const std::int64_t columns = (panels + across - 1) / across * kMostVectors * kProductLanes;
    return static_cast<double>(rows * columns) / 16 + static_cast<double>(rows + columns) / 2;
  };
  std::int64_t down = pieces;
  for (std::int64_t d = pieces - 1; d > 0; --d)
    if (pieces % d == 0 && pieces / d <= panels && cost(d) < cost(down)) down = d;
  const std::int64_t across = pieces / down;
  threads.parallel(pieces, 1, [&](std::int64_t begin, std::int64_t end, int) HWY_ATTR {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t r = i / across, s = i % across;
      const std::int64_t top = r * tiles / down * kMostRows, bottom = (r + 1) * tiles / down * kMostRows;
      multiply_and_finish_part(p, top, std::min(bottom, p.rows), s * panels / across, (s + 1) * panels / across, one);
    }
  });
}

void pack_columns_here(const float* b, std::int64_t depth, std::int64_t columns, float* packed,
                       const Threads& threads) {
  const ColumnPanels panels(columns);
  threads.parallel(panels.count(), 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (std::int64_t q = begin; q < end; ++q) {
      const ColumnPanel panel = panels.at(q);
      const std::int64_t width = panel.vectors * kProductLanes;
      float* to = packed + panel.first * depth;
      for (std::int64_t k = 0; k < depth; ++k, to += width) {
        std::copy_n(b + k * columns + panel.first, panel.columns, to);
        std::fill(to + panel.columns, to + width, 0.0f);
      }
    }
  });
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace evenkeel::kernels::tiles {

void multiply_and_finish(const FinishedProduct& product, const Threads& threads) {
  if (product.rows == 0 || product.columns == 0) return;
  const Threads one(1);  // the threads have parts of their own
  EVENKEEL_DISPATCH(multiply_and_finish_here)(product, threads, one);
}
std::int64_t packed_numbers(std::int64_t depth, std::int64_t columns) { return (columns + 7) / 8 * 8 * depth; }
void pack_columns(const float* b, std::int64_t depth, std::int64_t columns, float* packed, const Threads& threads) {
  EVENKEEL_DISPATCH(pack_columns_here)(b, depth, columns, packed, threads);
}

}  // namespace evenkeel::kernels::tiles

#endif  // HWY_ONCE
