// GCC 12 warns about undefined operands that its own intrinsics use.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>

#include <algorithm>

#include "evenkeel/kernels/bfloat16/packed_tiles.h"

// For AVX-512 with byte and word instructions: every machine with bfloat16 instructions has it.
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,prefer-vector-width=512")

namespace evenkeel::kernels::packed {
namespace {

/// 16 lines of 16 pairs.
struct Tile {
  __m512i line[16];
};

/// A mask of the first `count` lanes; none for a count below 0.
__mmask32 first(std::int64_t count) {
  return count >= 32 ? 0xFFFFFFFFu : (1u << std::max<std::int64_t>(count, 0)) - 1u;
}

Tile load(const bfloat16* from, std::int64_t line, std::int64_t lines, std::int64_t numbers) {
  Tile tile;
  const __mmask32 mask = first(numbers);
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i)
    tile.line[i] = i < lines ? _mm512_maskz_loadu_epi16(mask, from + i * line) : _mm512_setzero_si512();
  return tile;
}

/// Two steps at a time, with their numbers interleaved. step_at(i) is where those of step i are.
template <class StepAt>
Tile load_pairs(StepAt step_at, std::int64_t steps, std::int64_t numbers) {
  Tile tile;
  const auto mask = static_cast<__mmask16>(first(numbers));
  const auto step = [&](std::int64_t i) __attribute__((target("avx512f,avx512bw,avx512vl"))) {
    return i < steps ? _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, step_at(i))) : _mm512_setzero_si512();
  };
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) tile.line[i] = _mm512_or_si512(step(2 * i), _mm512_slli_epi32(step(2 * i + 1), 16));
  return tile;
}

/// Pair j of line i to line j, pair i.
void transpose(Tile& tile) {
  __m512i* const t = tile.line;
  __m512i u[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    u[i] = _mm512_unpacklo_epi32(t[i], t[i + 1]);
    u[i + 1] = _mm512_unpackhi_epi32(t[i], t[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    t[i] = _mm512_unpacklo_epi64(u[i], u[i + 2]);
    t[i + 1] = _mm512_unpackhi_epi64(u[i], u[i + 2]);
    t[i + 2] = _mm512_unpacklo_epi64(u[i + 1], u[i + 3]);
    t[i + 3] = _mm512_unpackhi_epi64(u[i + 1], u[i + 3]);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 4; ++i)
    for (int half = 0; half < 16; half += 8) {
      u[half + i] = _mm512_shuffle_i32x4(t[half + i], t[half + i + 4], 0x88);
      u[half + i + 4] = _mm512_shuffle_i32x4(t[half + i], t[half + i + 4], 0xDD);
    }
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    t[i] = _mm512_shuffle_i32x4(u[i], u[i + 8], 0x88);
    t[i + 8] = _mm512_shuffle_i32x4(u[i], u[i + 8], 0xDD);
  }
}

void store(const Tile& tile, bfloat16* to) {
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) _mm512_store_si512(to + i * kTileSteps, tile.line[i]);
}

/// As bfloat16 rounds.
__m256i rounded(__m512 sums) {
  const __m512i bits = _mm512_castps_si512(sums);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i nearest = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
  const __m512i quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x00400000));
  const __mmask16 nan = _mm512_cmp_ps_mask(sums, sums, _CMP_UNORD_Q);
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_mask_mov_epi32(nearest, nan, quiet), 16));
}

template <class Write>
void for_lines(const float* sums, std::int64_t rows, std::int64_t columns, Write write) {
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t column = 0; column < columns; column += kTileRows) {
      const float* const tile = sums + ((row / kTileRows) * 2 + column / kTileRows) * kTileRows * kTileRows;
      write(row, column, tile + row % kTileRows * kTileRows,
            static_cast<__mmask16>(first(std::min(columns - column, kTileRows))));
    }
}

}  // namespace

void pack_lines(const bfloat16* from, std::int64_t line, std::int64_t lines, std::int64_t numbers, bfloat16* tile) {
  store(load(from, line, lines, numbers), tile);
}

void pack_lines_for_b(const bfloat16* from, std::int64_t line, std::int64_t lines, std::int64_t numbers,
                      bfloat16* tile) {
  Tile packed = load(from, line, lines, numbers);
  transpose(packed);
  store(packed, tile);
}

void pack_across(const bfloat16* from, std::int64_t step, std::int64_t steps, std::int64_t numbers, bfloat16* tile) {
  Tile packed = load_pairs([=](std::int64_t i) { return from + i * step; }, steps, numbers);
  transpose(packed);
  store(packed, tile);
}

void pack_across_for_b(const bfloat16* from, std::int64_t step, std::int64_t steps, std::int64_t numbers,
                       bfloat16* tile) {
  store(load_pairs([=](std::int64_t i) { return from + i * step; }, steps, numbers), tile);
}

void pack_across_for_b_at(const bfloat16* from, const std::int64_t* places, std::int64_t steps, std::int64_t numbers,
                          bfloat16* tile) {
  store(load_pairs([=](std::int64_t i) { return from + places[i]; }, steps, numbers), tile);
}

void write_sums(const float* sums, std::int64_t rows, std::int64_t columns, float* c, std::int64_t row_distance) {
  for_lines(
      sums, rows, columns,
      [=](std::int64_t row, std::int64_t column, const float* line, __mmask16 mask) __attribute__((target("avx512f"))) {
        _mm512_mask_storeu_ps(c + row * row_distance + column, mask, _mm512_load_ps(line));
      });
}

void write_sums(const float* sums, std::int64_t rows, std::int64_t columns, bfloat16* c, std::int64_t row_distance) {
  for_lines(
      sums, rows, columns,
      [=](std::int64_t row, std::int64_t column, const float* line, __mmask16 mask)
          __attribute__((target("avx512f,avx512bw,avx512vl"))) {
            _mm256_mask_storeu_epi16(c + row * row_distance + column, mask, rounded(_mm512_load_ps(line)));
          });
}

}  // namespace evenkeel::kernels::packed

#pragma GCC pop_options
