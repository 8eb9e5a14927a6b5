#include "evenkeel/kernels/matmul/register_tiles.h"

#include <algorithm>

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/matmul/register_tiles.cpp"
#include "hwy/foreach_target.h"  // before any other header of Highway: a block of its own

#include "evenkeel/kernels/simd/dispatch.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using TileTag = hn::CappedTag<float, 8>;
using TileVec = hn::Vec<TileTag>;
inline constexpr TileTag kTileTag;
inline constexpr std::int64_t kTileLanes = hn::MaxLanes(TileTag());
inline constexpr int kTileVectors = static_cast<int>(tiles::kColumns / kTileLanes);

/// The sums of R rows and V vectors of columns.
template <int R, int V>
struct TileSums {
  TileVec sums[R][V];

  HWY_INLINE void clear() {
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[r][v] = hn::Zero(kTileTag);
  }
  HWY_INLINE void load(const float* from, int r, std::int64_t columns) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const std::int64_t left = columns - v * kTileLanes;
      if (left >= kTileLanes) {
        sums[r][v] = hn::LoadU(kTileTag, from + v * kTileLanes);
      } else {
        HWY_ALIGN float lanes[kTileLanes] = {};
        for (std::int64_t i = 0; i < left; ++i) lanes[i] = from[v * kTileLanes + i];
        sums[r][v] = hn::Load(kTileTag, lanes);
      }
    }
  }
  HWY_INLINE void store(float* to, int r, std::int64_t columns) const {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      const std::int64_t left = columns - v * kTileLanes;
      if (left >= kTileLanes) {
        hn::StoreU(sums[r][v], kTileTag, to + v * kTileLanes);
      } else {
        HWY_ALIGN float lanes[kTileLanes];
        hn::Store(sums[r][v], kTileTag, lanes);
        for (std::int64_t i = 0; i < left; ++i) to[v * kTileLanes + i] = lanes[i];
      }
    }
  }
  /// Adds a[r] times a vector of b, for each row r and vector.
  template <class A>
  HWY_INLINE void add(const float* b, A a) {
    TileVec of_b[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) of_b[v] = hn::LoadU(kTileTag, b + v * kTileLanes);
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
      const TileVec of_a = hn::Set(kTileTag, a(r));
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sums[r][v] = hn::MulAdd(of_a, of_b[v], sums[r][v]);
    }
  }
};

/// The tiles [first, last) of one panel, of R rows each.
template <int R, int V>
HWY_NOINLINE void multiply_rows_of(const tiles::RowsProduct& p, std::int64_t panel, std::int64_t first,
                                   std::int64_t last) {
  const std::int64_t length = p.length, parts = p.parts, column = p.column + panel * tiles::kColumns;
  const std::int64_t columns = std::min(tiles::kColumns, p.column_count - panel * tiles::kColumns);
  for (std::int64_t tile = first; tile < last; ++tile) {
    float* const* const c = p.c + tile * tiles::kRows;
    TileSums<R, V> s;
    if (p.begin == tiles::Begin::zero) {
      s.clear();
    } else {
#pragma GCC unroll 6
      for (int r = 0; r < R; ++r) s.load((p.begin == tiles::Begin::bias ? p.bias : c[r]) + column, r, columns);
    }
    const float* b = p.panel + panel * p.panel_step;
    const float* const* rows = p.rows + tile * p.tile_step;
    for (std::int64_t part = 0; part < parts; ++part, rows += tiles::kRows) {
      const float* a[R];
#pragma GCC unroll 6
      for (int r = 0; r < R; ++r) a[r] = rows[r];
#pragma GCC unroll 4
      for (std::int64_t i = 0; i < length; ++i, b += tiles::kColumns)
        s.add(
            b, [&](int r) __attribute__((always_inline)) { return a[r][i]; });
    }
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) s.store(c[r] + column, r, columns);
  }
}

template <int V>
void multiply_rows_with(const tiles::RowsProduct& p, std::int64_t panel, std::int64_t first, std::int64_t last) {
  const std::int64_t full = std::min(last, p.row_count / tiles::kRows);
  if (full > first) multiply_rows_of<6, V>(p, panel, first, full);
  if (full == last) return;
  switch (p.row_count % tiles::kRows) {
    case 1: return multiply_rows_of<1, V>(p, panel, full, last);
    case 2: return multiply_rows_of<2, V>(p, panel, full, last);
    case 3: return multiply_rows_of<3, V>(p, panel, full, last);
    case 4: return multiply_rows_of<4, V>(p, panel, full, last);
    default: return multiply_rows_of<5, V>(p, panel, full, last);
  }
}

/// A panel with half the vectors where half of its columns are used.
void multiply_rows_by_panel(const tiles::RowsProduct& p, std::int64_t panel, std::int64_t first, std::int64_t last) {
  if (p.column_count - panel * tiles::kColumns <= tiles::kColumns / 2)
    multiply_rows_with<kTileVectors / 2>(p, panel, first, last);
  else
    multiply_rows_with<kTileVectors>(p, panel, first, last);
}

void multiply_rows_here(const tiles::RowsProduct& p) {
  const std::int64_t count = (p.row_count + tiles::kRows - 1) / tiles::kRows;
  if (p.column_count <= tiles::kColumns) return multiply_rows_by_panel(p, 0, 0, count);
  for (std::int64_t tile = 0; tile < count; ++tile)
    for (std::int64_t panel = 0; panel < tiles::panels_of(p.column_count); ++panel)
      multiply_rows_by_panel(p, panel, tile, tile + 1);
}

template <int R, int V>
HWY_NOINLINE void multiply_steps_of(const tiles::StepsTile& t) {
  TileSums<R, V> s;
  if (t.adds) {
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) s.load(t.c + r * t.c_row, r, t.column_count);
  } else {
    s.clear();
  }
  const std::int64_t a_step = t.a_step, b_step = t.b_step;
  for (std::int64_t image = 0; image < t.images; ++image)
    for (std::int64_t line = 0; line < t.lines; ++line) {
      const float* a = t.a + image * t.a_image + line * t.a_line;
      const float* b = t.b + image * t.b_image + line * t.b_line;
#pragma GCC unroll 4
      for (std::int64_t i = 0; i < t.steps; ++i, a += a_step, b += b_step)
        s.add(
            b, [&](int r) __attribute__((always_inline)) { return a[r]; });
    }
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r) s.store(t.c + r * t.c_row, r, t.column_count);
}

template <int V>
void multiply_steps_with(const tiles::StepsTile& t) {
  switch (t.row_count) {
    case 1: return multiply_steps_of<1, V>(t);
    case 2: return multiply_steps_of<2, V>(t);
    case 3: return multiply_steps_of<3, V>(t);
    case 4: return multiply_steps_of<4, V>(t);
    case 5: return multiply_steps_of<5, V>(t);
    default: return multiply_steps_of<6, V>(t);
  }
}

void multiply_steps_here(const tiles::StepsTile& t) {
  if (t.column_count <= tiles::kColumns / 2)
    multiply_steps_with<kTileVectors / 2>(t);
  else
    multiply_steps_with<kTileVectors>(t);
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace evenkeel::kernels::tiles {

void multiply_rows(const RowsProduct& product) { EVENKEEL_DISPATCH(multiply_rows_here)(product); }
void multiply_steps(const StepsTile& tile) { EVENKEEL_DISPATCH(multiply_steps_here)(tile); }

}  // namespace evenkeel::kernels::tiles

#endif  // HWY_ONCE
