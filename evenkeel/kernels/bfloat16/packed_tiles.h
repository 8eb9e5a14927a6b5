#pragma once

#include <cstdint>
#include <optional>

#include "evenkeel/base/cpu.h"
#include "evenkeel/tensor/bfloat16.h"

// What products of bfloat16 matrices are made of: blocks of 32 x 32 sums, from operands packed into tiles of 1 KB.

namespace evenkeel::kernels::packed {

inline constexpr std::int64_t kTileRows = 16;   ///< rows of a, or columns of b and c
inline constexpr std::int64_t kTileSteps = 32;  ///< numbers that are multiplied and added up
inline constexpr std::int64_t kTileNumbers = kTileRows * kTileSteps;
inline constexpr std::int64_t kBlock = 2 * kTileRows;
inline constexpr std::int64_t kBlockSums = kBlock * kBlock;

/// How many parts of at most `most` there are in n.
constexpr std::int64_t parts_of(std::int64_t n, std::int64_t most) { return (n + most - 1) / most; }

/// How much of a block is wanted.
struct Extent {
  std::int64_t tiles;    ///< of steps
  std::int64_t rows;     ///< more than there are in a block means all
  std::int64_t columns;  ///< the same
};

/// sums (four tiles [16][16] one behind the other, the two of the upper rows first) = or += a * b over tiles of steps.
/// What lies beyond the rows and columns wanted may be multiplied or not. a: two rows of tiles [16 rows][32 steps],
/// `a_row` numbers apart; b: pairs of tiles [16 pairs of steps][16 columns][2], pair behind pair. All aligned to 64
/// bytes. Products are exact, sums are float32.
using Multiply = void (*)(const Extent& extent, const bfloat16* a, std::int64_t a_row, const bfloat16* b, float* sums,
                          bool add);

/// How this machine's blocks are multiplied.
struct Engine {
  const char* name;
  Multiply multiply;
  void (*begin)() = [] {};  ///< on each thread before its blocks, and behind them
  void (*end)() = [] {};
};

/// Nothing where the machine has neither tiles (AMX) nor fast dot products (AVX-512 BF16) of bfloat16.
std::optional<Engine> engine(const Machine& machine);

// Packing. What does not exist of a tile is 0. `for_b`: into a tile of b, else into one of a.

/// From [16 lines][32 steps], lines `line` numbers apart; `lines` and `steps` of them exist.
void pack_lines(const bfloat16* from, std::int64_t line, std::int64_t lines, std::int64_t steps, bfloat16* tile);
void pack_lines_for_b(const bfloat16* from, std::int64_t line, std::int64_t lines, std::int64_t steps, bfloat16* tile);
/// From a matrix that lies across, [32 steps][16 numbers], steps `step` numbers apart.
void pack_across(const bfloat16* from, std::int64_t step, std::int64_t steps, std::int64_t numbers, bfloat16* tile);
void pack_across_for_b(const bfloat16* from, std::int64_t step, std::int64_t steps, std::int64_t numbers,
                       bfloat16* tile);
/// The same with the numbers of step i at from + places[i].
void pack_across_for_b_at(const bfloat16* from, const std::int64_t* places, std::int64_t steps, std::int64_t numbers,
                          bfloat16* tile);

/// Writes `rows` x `columns` of a block of sums to c, rounded to bfloat16 or as they are.
void write_sums(const float* sums, std::int64_t rows, std::int64_t columns, float* c, std::int64_t row);
void write_sums(const float* sums, std::int64_t rows, std::int64_t columns, bfloat16* c, std::int64_t row);

}  // namespace evenkeel::kernels::packed
