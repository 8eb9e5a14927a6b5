// GCC 12 warns about undefined operands that its own intrinsics use.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "evenkeel/kernels/bfloat16/packed_tiles.h"

namespace evenkeel::kernels::packed {
namespace {

#pragma GCC push_options
#pragma GCC target("amx-tile,amx-bf16,avx512f")

/// As LDTILECFG reads it: eight tiles of 16 lines of 64 bytes.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t lines[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

thread_local TileConfig found;  ///< the configuration that another library had set

void configure_tiles() {
  static const TileConfig ours;
  _tile_storeconfig(&found);
  _tile_loadconfig(&ours);
}

void restore_tiles() {
  if (found.palette != 0)
    _tile_loadconfig(&found);
  else
    _tile_release();
}

/// Always whole blocks: with fewer sums at a time, each tile would wait for the one before.
void multiply_tiles(const Extent& extent, const bfloat16* a, std::int64_t a_row, const bfloat16* b, float* sums,
                    bool add) {
  constexpr std::int64_t kLine = 64;  // bytes
  constexpr std::int64_t kTile = kTileRows * kTileRows;
  if (add) {
    _tile_loadd(0, sums, kLine);
    _tile_loadd(1, sums + kTile, kLine);
    _tile_loadd(2, sums + 2 * kTile, kLine);
    _tile_loadd(3, sums + 3 * kTile, kLine);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (std::int64_t i = 0; i < extent.tiles; ++i, a += kTileNumbers, b += 2 * kTileNumbers) {
    _tile_loadd(4, a, kLine);
    _tile_loadd(6, b, kLine);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, b + kTileNumbers, kLine);
    _tile_dpbf16ps(1, 4, 7);
    _tile_loadd(5, a + a_row, kLine);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, sums, kLine);
  _tile_stored(1, sums + kTile, kLine);
  _tile_stored(2, sums + 2 * kTile, kLine);
  _tile_stored(3, sums + 3 * kTile, kLine);
}

#pragma GCC pop_options

/// The operating system lets a process use the tiles only after it has asked for them, once.
bool may_use_tiles() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  static const bool granted = syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  return granted;
}

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bf16,prefer-vector-width=512")

constexpr std::int64_t kRows = 8;

/// kRows rows of one or two tiles of columns: as many sums at a time, in up to 16 of the 32 registers.
template <int kColumnTiles>
void multiply_rows(std::int64_t tiles, const bfloat16* a, const bfloat16* b, float* first, bool add) {
  constexpr std::int64_t kTile = kTileRows * kTileRows;
  __m512 sums[kRows][kColumnTiles];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int c = 0; c < kColumnTiles; ++c)
      sums[r][c] = add ? _mm512_load_ps(first + c * kTile + r * kTileRows) : _mm512_setzero_ps();
  }
  for (std::int64_t tile = 0; tile < tiles; ++tile, a += kTileNumbers, b += 2 * kTileNumbers) {
#pragma GCC unroll 2
    for (int pair = 0; pair < kTileSteps / 2; ++pair) {
      __m512bh columns[kColumnTiles];
#pragma GCC unroll 2
      for (int c = 0; c < kColumnTiles; ++c)
        columns[c] = reinterpret_cast<__m512bh>(_mm512_load_si512(b + c * kTileNumbers + pair * kTileSteps));
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        int both;
        std::memcpy(&both, a + r * kTileSteps + 2 * pair, sizeof both);
        const auto factor = reinterpret_cast<__m512bh>(_mm512_set1_epi32(both));
#pragma GCC unroll 2
        for (int c = 0; c < kColumnTiles; ++c) sums[r][c] = _mm512_dpbf16_ps(sums[r][c], factor, columns[c]);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int c = 0; c < kColumnTiles; ++c) _mm512_store_ps(first + c * kTile + r * kTileRows, sums[r][c]);
  }
}

void multiply_dots(const Extent& extent, const bfloat16* a, std::int64_t a_row, const bfloat16* b, float* sums,
                   bool add) {
  const auto multiply = extent.columns > kTileRows ? multiply_rows<2> : multiply_rows<1>;
  for (std::int64_t row = 0; row < std::min(extent.rows, kBlock); row += kRows) {
    const std::int64_t tile = row / kTileRows, within = row % kTileRows;
    multiply(extent.tiles, a + tile * a_row + within * kTileSteps, b,
             sums + (2 * tile * kTileRows + within) * kTileRows, add);
  }
}

#pragma GCC pop_options

}  // namespace

std::optional<Engine> engine(const Machine& machine) {
  if (machine.amx_bf16 && may_use_tiles())
    return Engine{.name = "amx", .multiply = multiply_tiles, .begin = configure_tiles, .end = restore_tiles};
  if (machine.avx512 && machine.avx512_bf16 && machine.fast_dots)
    return Engine{.name = "avx512_bf16", .multiply = multiply_dots};
  return std::nullopt;
}

}  // namespace evenkeel::kernels::packed
