#include "evenkeel/kernels/blocks/gemm.h"

#include <algorithm>

#include "evenkeel/kernels/blocks/blocks.h"
#include "evenkeel/kernels/simd/scratch.h"

namespace evenkeel::kernels::blocks {
namespace {

// What is to stay in a level-2 cache of 2 MB together: a band of a for some steps (512 KB), a panel of b for them
// (256 KB), and the sums of both (512 KB). 32 columns of the panel (32 KB) stay in the level-1 cache.
constexpr std::int64_t kBand = 512, kPanel = 256, kSteps = 512;
constexpr std::int64_t kStepTiles = kSteps / kTileSteps;

std::int64_t parts(std::int64_t n, std::int64_t most) { return (n + most - 1) / most; }

/// Up to kBand rows of a, packed for all steps: of each kSteps, row of tiles by row of tiles.
class Band {
 public:
  Band(std::int64_t rows, std::int64_t k)
      : row_tiles_(2 * parts(rows, kBlock)),
        step_tiles_(parts(k, kTileSteps)),
        tiles_(scratch<bfloat16>(Scratch::packed_rows, row_tiles_ * step_tiles_ * kTileNumbers)) {}

  std::int64_t row_tiles() const { return row_tiles_; }
  std::int64_t step_tiles() const { return step_tiles_; }
  /// How many tiles of steps are in the part that begins at this one.
  std::int64_t tiles_from(std::int64_t step_tile) const { return std::min(kStepTiles, step_tiles_ - step_tile); }
  bfloat16* tile(std::int64_t row_tile, std::int64_t step_tile) const {
    const std::int64_t begin = step_tile / kStepTiles * kStepTiles;
    return tiles_ + (begin * row_tiles_ + row_tile * tiles_from(begin) + step_tile - begin) * kTileNumbers;
  }

 private:
  std::int64_t row_tiles_, step_tiles_;
  bfloat16* tiles_;
};

template <class C>
struct Product {
  Transpose transpose_a, transpose_b;
  std::int64_t m, n, k;
  const bfloat16 *a, *b;
  C* c;
  Engine engine;

  void pack_a(std::int64_t first_row, std::int64_t rows, const Band& band, std::int64_t row_tile) const {
    const std::int64_t row = row_tile * kTileRows, left = rows - row;
    for (std::int64_t tile = 0; tile < band.step_tiles(); ++tile) {
      const std::int64_t step = tile * kTileSteps;
      if (transpose_a == Transpose::yes)
        pack_across(a + step * m + first_row + row, m, k - step, left, band.tile(row_tile, tile));
      else
        pack_lines(a + (first_row + row) * k + step, k, left, k - step, band.tile(row_tile, tile));
    }
  }

  /// 32 columns of b: pairs of tiles, pair behind pair.
  void pack_b(std::int64_t column, std::int64_t end, std::int64_t step_tile, std::int64_t tiles, bfloat16* to) const {
    for (std::int64_t tile = 0; tile < tiles; ++tile)
      for (std::int64_t side = 0; side < 2; ++side, to += kTileNumbers) {
        const std::int64_t step = (step_tile + tile) * kTileSteps, first = column + side * kTileRows;
        if (transpose_b == Transpose::yes)
          pack_lines_for_b(b + first * k + step, k, end - first, k - step, to);
        else
          pack_across_for_b(b + step * n + first, n, k - step, end - first, to);
      }
  }

  /// A band of rows of a times some columns of b.
  void multiply(std::int64_t first_row, std::int64_t rows, const Band& band, std::int64_t begin,
                std::int64_t end) const {
    auto* const panel = scratch<bfloat16>(Scratch::packed_columns, kBlock * kSteps);
    auto* const sums = scratch<float>(Scratch::sums, band.row_tiles() / 2 * (kPanel / kBlock) * kBlockSums);
    engine.begin();
    for (std::int64_t column = begin; column < end; column += kPanel)
      for (std::int64_t step = 0; step < band.step_tiles(); step += kStepTiles)
        for (std::int64_t part = column; part < std::min(column + kPanel, end); part += kBlock) {
          const std::int64_t tiles = band.tiles_from(step);
          pack_b(part, end, step, tiles, panel);
          for (std::int64_t i = 0; i < band.row_tiles() / 2; ++i) {
            float* const block = sums + ((part - column) / kBlock * (band.row_tiles() / 2) + i) * kBlockSums;
            engine.multiply(tiles, band.tile(2 * i, step), tiles * kTileNumbers, panel, block, step > 0);
            if (step + tiles == band.step_tiles())
              write_sums(block, std::min(kBlock, rows - i * kBlock), std::min(kBlock, end - part),
                         c + (first_row + i * kBlock) * n + part, n);
          }
        }
    engine.end();
  }
};

}  // namespace

bool serves(const Machine& machine, std::int64_t m, std::int64_t n, std::int64_t k) {
  return n >= kBlock && k >= kTileSteps && m >= kTileRows && m * n * k >= (1 << 21) && engine(machine).has_value();
}

template <class C>
void gemm(const Machine& machine, Transpose transpose_a, Transpose transpose_b, std::int64_t m, std::int64_t n,
          std::int64_t k, const bfloat16* a, const bfloat16* b, C* c, const Threads& threads) {
  const Product<C> product{transpose_a, transpose_b, m, n, k, a, b, c, *engine(machine)};
  for (std::int64_t first = 0; first < m; first += kBand) {
    const std::int64_t rows = std::min(kBand, m - first);
    const Band band(rows, k);
    threads.parallel(band.row_tiles(), 1, [&](std::int64_t begin, std::int64_t end, int) {
      for (std::int64_t tile = begin; tile < end; ++tile) product.pack_a(first, rows, band, tile);
    });
    threads.parallel(
        n, kBlock, [&](std::int64_t begin, std::int64_t end, int) { product.multiply(first, rows, band, begin, end); });
  }
}

template void gemm(const Machine&, Transpose, Transpose, std::int64_t, std::int64_t, std::int64_t, const bfloat16*,
                   const bfloat16*, float*, const Threads&);
template void gemm(const Machine&, Transpose, Transpose, std::int64_t, std::int64_t, std::int64_t, const bfloat16*,
                   const bfloat16*, bfloat16*, const Threads&);

}  // namespace evenkeel::kernels::blocks
