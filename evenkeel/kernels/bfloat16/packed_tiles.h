#pragma once

#include <cstdint>
#include <optional>

#include "evenkeel/base/cpu.h"
#include "evenkeel/tensor/bfloat16.h"

// The parts of a product of bfloat16 matrices: blocks of 32 x 32 sums, from operands packed into tiles of 1 KB.

namespace evenkeel::kernels::packed {

inline constexpr std::int64_t kTileRows = 16;   ///< rows of a, or columns of b and c
inline constexpr std::int64_t kTileSteps = 32;  ///< numbers that are multiplied and added up
inline constexpr std::int64_t kTileNumbers = kTileRows * kTileSteps;
inline constexpr std::int64_t kBlock = 2 * kTileRows;
inline constexpr std::int64_t kBlockSums = kBlock * kBlock;

/// Into how many parts of at most `most` n is cut.
constexpr std::int64_t parts_of(std::int64_t n, std::int64_t most) { return (n + most - 1) / most; }

/// The part of a block that is to be computed.
struct Extent {
  std::int64_t tiles;    ///< of steps
  std::int64_t rows;     ///< kBlock or more: all
  std::int64_t columns;  ///< the same
};

/// sums = a * b, or sums += a * b with `add`, over tiles of steps. sums: four tiles [16][16] one after the other, the
/// two of the upper rows first. a: two rows of tiles [16 rows][32 steps], `a_row` numbers apart. b: pairs of tiles [16
/// pairs of steps][16 columns][2], one pair after the other. All are aligned to 64 bytes. Products are exact, sums are
/// float32. Sums beyond the extent are undefined.
using Multiply = void (*)(const Extent& extent, const bfloat16* a, std::int64_t a_row, const bfloat16* b, float* sums,
                          bool add);

/// How this machine's blocks are multiplied.
struct Engine {
  const char* name;
  Multiply multiply;
  void (*begin)() = [] {};  ///< called on each thread before its blocks; `end` after them
  void (*end)() = [] {};
};

/// Nothing where the machine has neither tiles (AMX) nor fast dot products (AVX-512 BF16) of bfloat16.
std::optional<Engine> engine(const Machine& machine);

// Packing. Places of a tile without a number become 0. `for_b`: into a tile of b, else into one of a.

/// From [16 lines][32 steps], lines `line` numbers apart; `lines` and `steps` of them exist.
void pack_lines(const bfloat16* from, std::int64_t line, std::int64_t lines, std::int64_t steps, bfloat16* tile);
void pack_lines_for_b(const bfloat16* from, std::int64_t line, std::int64_t lines, std::int64_t steps, bfloat16* tile);
/// From the transposed matrix, [32 steps][16 numbers], steps `step` numbers apart.
void pack_across(const bfloat16* from, std::int64_t step, std::int64_t steps, std::int64_t numbers, bfloat16* tile);
void pack_across_for_b(const bfloat16* from, std::int64_t step, std::int64_t steps, std::int64_t numbers,
                       bfloat16* tile);
/// The same with the numbers of step i at from + places[i].
void pack_across_for_b_at(const bfloat16* from, const std::int64_t* places, std::int64_t steps, std::int64_t numbers,
                          bfloat16* tile);

/// Writes `rows` x `columns` of a block of sums to c, as float or rounded to bfloat16.
void write_sums(const float* sums, std::int64_t rows, std::int64_t columns, float* c, std::int64_t row);
void write_sums(const float* sums, std::int64_t rows, std::int64_t columns, bfloat16* c, std::int64_t row);

}  // namespace evenkeel::kernels::packed
