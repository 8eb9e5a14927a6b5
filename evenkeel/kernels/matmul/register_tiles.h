#pragma once

#include <cstdint>

// The inner loops of our own float products: a tile of sums that stays in registers, 6 rows of 16 columns. With AVX2
// these are 12 of the 16 registers; 12 chains of multiply-adds hide the latency of two units.

namespace evenkeel::kernels::tiles {

inline constexpr std::int64_t kRows = 6, kColumns = 16;

/// Columns of b that are multiplied together, packed: step by step, kColumns numbers each, zeros after the last column.
/// A matrix of `columns` columns is one such panel after the other.
constexpr std::int64_t panels_of(std::int64_t columns) { return (columns + kColumns - 1) / kColumns; }

/// What the sums of a tile begin with.
enum class Begin { zero, bias, sums };

/// c[r] = begin + sum over the steps of a[r] b, where the rows of a and c lie anywhere in memory. Rows of a are in
/// parts: part p of the r-th row of tile i begins at rows[i * tile_step + p * kRows + r], and has `length` neighbouring
/// numbers.
struct RowsProduct {
  const float* const* rows = nullptr;
  std::int64_t tile_step = 0;
  std::int64_t parts = 1, length = 0;
  const float* panel = nullptr;  ///< parts * length steps of kColumns numbers; then the next panel, panel_step later
  std::int64_t panel_step = 0;
  float* const* c = nullptr;                            ///< where each row of c begins
  std::int64_t column = 0;                              ///< in c and bias, of the first panel's first one
  std::int64_t row_count = 0, column_count = kColumns;  ///< more columns: several panels, tile by tile
  Begin begin = Begin::zero;
  const float* bias = nullptr;
};
void multiply_rows(const RowsProduct& product);

/// c[r, :] (+)= sum over the steps of a[r] b[:], where the numbers of a step are neighbours in both: kRows of a and
/// kColumns of b. Steps come in lines, and lines in images.
struct StepsTile {
  const float* a = nullptr;
  const float* b = nullptr;
  std::int64_t images = 1, lines = 1, steps = 0;     ///< lines of an image, steps of a line
  std::int64_t a_step = 0, a_line = 0, a_image = 0;  ///< from a step (a line, an image) to the next
  std::int64_t b_step = 0, b_line = 0, b_image = 0;
  float* c = nullptr;
  std::int64_t c_row = 0;  ///< from a row of c to the next
  std::int64_t row_count = kRows, column_count = kColumns;
  bool adds = false;  ///< to what c has
};
void multiply_steps(const StepsTile& tile);

}  // namespace evenkeel::kernels::tiles
