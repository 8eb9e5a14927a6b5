#include "evenkeel/kernels/matmul/gemm_packed.h"

#include <algorithm>
#include <string>

#include "evenkeel/kernels/bfloat16/packed_tiles.h"

namespace evenkeel::kernels::packed {
namespace {

// These should stay in a level-2 cache of 2 MB together: a band of a for some steps (512 KB), a panel of b for them
// (256 KB), and the sums of both (512 KB). 32 columns of the panel (32 KB) stay in the level-1 cache.
constexpr std::int64_t kBand = 512, kPanel = 256, kSteps = 512;
constexpr std::int64_t kStepTiles = kSteps / kTileSteps;

/// Up to kBand rows of a, packed for all steps: of each kSteps, row of tiles by row of tiles.
class Band {
 public:
  Band(std::int64_t rows, std::int64_t k)
      : row_tiles_(2 * parts_of(rows, kBlock)), step_tiles_(parts_of(k, kTileSteps)) {}

  std::int64_t row_tiles() const { return row_tiles_; }
  std::int64_t step_tiles() const { return step_tiles_; }
  std::size_t bytes() const {
    return static_cast<std::size_t>(row_tiles_ * step_tiles_ * kTileNumbers) * sizeof(bfloat16);
  }
  /// How many tiles of steps are in the part that begins at this one.
  std::int64_t tiles_from(std::int64_t step_tile) const { return std::min(kStepTiles, step_tiles_ - step_tile); }
  /// The offset of a tile, in numbers.
  std::int64_t at(std::int64_t row_tile, std::int64_t step_tile) const {
    const std::int64_t begin = step_tile / kStepTiles * kStepTiles;
    return (begin * row_tiles_ + row_tile * tiles_from(begin) + step_tile - begin) * kTileNumbers;
  }

 private:
  std::int64_t row_tiles_, step_tiles_;
};

/// The scratch memory: the band, and for each thread a panel of b and the sums of the band and the panel.
struct Scratch {
  explicit Scratch(const NarrowProduct& p)
      : band_bytes(Band(std::min(p.m, kBand), p.k).bytes()),
        panel_bytes(kBlock * kSteps * sizeof(bfloat16)),
        thread_bytes(panel_bytes +
                     static_cast<std::size_t>(kBand / kBlock * (kPanel / kBlock) * kBlockSums) * sizeof(float)) {}

  bfloat16* band(std::byte* scratch) const { return reinterpret_cast<bfloat16*>(scratch); }
  bfloat16* panel(std::byte* scratch, int thread) const {
    return reinterpret_cast<bfloat16*>(scratch + band_bytes + static_cast<std::size_t>(thread) * thread_bytes);
  }
  float* sums(std::byte* scratch, int thread) const {
    return reinterpret_cast<float*>(reinterpret_cast<std::byte*>(panel(scratch, thread)) + panel_bytes);
  }

  std::size_t band_bytes, panel_bytes, thread_bytes;
};

/// One run: packs a band of a, multiplies it with all columns of b, and so on to the next.
template <class C>
struct Run {
  const NarrowProduct& p;
  const Engine& engine;
  const bfloat16 *a, *b;
  C* c;

  void pack_a(std::int64_t first_row, std::int64_t rows, const Band& band, std::int64_t row_tile,
              bfloat16* packed) const {
    const std::int64_t row = row_tile * kTileRows, left = rows - row;
    for (std::int64_t tile = 0; tile < band.step_tiles(); ++tile) {
      const std::int64_t step = tile * kTileSteps;
      bfloat16* const to = packed + band.at(row_tile, tile);
      if (p.transpose_a == Transpose::yes)
        pack_across(a + step * p.m + first_row + row, p.m, p.k - step, left, to);
      else
        pack_lines(a + (first_row + row) * p.k + step, p.k, left, p.k - step, to);
    }
  }

  /// 32 columns of b: pairs of tiles, one pair after the other.
  void pack_b(std::int64_t column, std::int64_t end, std::int64_t step_tile, std::int64_t tiles, bfloat16* to) const {
    for (std::int64_t tile = 0; tile < tiles; ++tile)
      for (std::int64_t side = 0; side < 2; ++side, to += kTileNumbers) {
        const std::int64_t step = (step_tile + tile) * kTileSteps, first = column + side * kTileRows;
        if (p.transpose_b == Transpose::yes)
          pack_lines_for_b(b + first * p.k + step, p.k, end - first, p.k - step, to);
        else
          pack_across_for_b(b + step * p.n + first, p.n, p.k - step, end - first, to);
      }
  }

  /// A band of rows of a times the columns [begin, end) of b.
  void multiply(std::int64_t first_row, std::int64_t rows, const Band& band, const bfloat16* packed, std::int64_t begin,
                std::int64_t end, bfloat16* panel, float* sums) const {
    const std::int64_t row_blocks = band.row_tiles() / 2;
    engine.begin();
    for (std::int64_t column = begin; column < end; column += kPanel)
      for (std::int64_t step = 0; step < band.step_tiles(); step += kStepTiles)
        for (std::int64_t part = column; part < std::min(column + kPanel, end); part += kBlock) {
          const std::int64_t tiles = band.tiles_from(step);
          pack_b(part, end, step, tiles, panel);
          for (std::int64_t i = 0; i < row_blocks; ++i) {
            float* const block = sums + ((part - column) / kBlock * row_blocks + i) * kBlockSums;
            const Extent extent{.tiles = tiles, .rows = rows - i * kBlock, .columns = end - part};
            engine.multiply(extent, packed + band.at(2 * i, step), tiles * kTileNumbers, panel, block, step > 0);
            if (step + tiles == band.step_tiles())
              write_sums(block, std::min(kBlock, extent.rows), std::min(kBlock, extent.columns),
                         c + (first_row + i * kBlock) * p.n + part, p.n);
          }
        }
    engine.end();
  }

  void operator()(std::byte* memory, const Threads& threads) const {
    const Scratch scratch(p);
    for (std::int64_t first = 0; first < p.m; first += kBand) {
      const std::int64_t rows = std::min(kBand, p.m - first);
      const Band band(rows, p.k);
      bfloat16* const packed = scratch.band(memory);
      threads.parallel(band.row_tiles(), 1, [&](std::int64_t begin, std::int64_t end, int) {
        for (std::int64_t tile = begin; tile < end; ++tile) pack_a(first, rows, band, tile, packed);
      });
      threads.parallel(p.n, kBlock, [&](std::int64_t begin, std::int64_t end, int thread) {
        multiply(first, rows, band, packed, begin, end, scratch.panel(memory, thread), scratch.sums(memory, thread));
      });
    }
  }
};

/// Measured against oneDNN 2.6's matmul on a machine with tiles: from this size on at least 1.2 times as fast.
bool is_worth_packing(const NarrowProduct& p) {
  return p.m >= kTileRows && p.n >= kBlock && p.k >= kTileSteps && p.m * p.n * p.k >= (1 << 21);
}

}  // namespace

NarrowGemm prepare_packed(const NarrowProduct& product, const Engine& engine, const Threads& threads) {
  const Scratch scratch(product);
  return {.name = std::string("packed tiles, ") + engine.name,
          .scratch_bytes = scratch.band_bytes + static_cast<std::size_t>(threads.count()) * scratch.thread_bytes,
          .run = [=](const bfloat16* a, const bfloat16* b, void* c, std::byte* memory) {
            if (product.narrow_c)
              Run<bfloat16>{product, engine, a, b, static_cast<bfloat16*>(c)}(memory, threads);
            else
              Run<float>{product, engine, a, b, static_cast<float*>(c)}(memory, threads);
          }};
}

std::optional<NarrowGemm> narrow_gemm(const NarrowProduct& product, const Machine& machine, const Threads& threads) {
  const auto engine = packed::engine(machine);
  if (!engine || !is_worth_packing(product)) return std::nullopt;
  return prepare_packed(product, *engine, threads);
}

}  // namespace evenkeel::kernels::packed
