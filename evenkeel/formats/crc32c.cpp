#include "evenkeel/formats/crc32c.h"

#include <array>

namespace evenkeel::formats {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78;  ///< reflected: the highest power is the lowest bit

constexpr auto kTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t sum = byte;
    for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ (sum & 1 ? kPolynomial : 0);
    table[byte] = sum;
  }
  return table;
}();

std::uint32_t shifted_in(std::uint32_t state, std::byte byte) {
  return state >> 8 ^ kTable[(state ^ std::to_integer<std::uint32_t>(byte)) & 0xff];
}

#if defined(__x86_64__)

constexpr std::uint32_t kOne = 0x80000000;

/// a * b modulo the polynomial.
constexpr std::uint32_t product(std::uint32_t a, std::uint32_t b) {
  std::uint32_t sum = 0;
  for (std::uint32_t term = kOne; term != 0; term >>= 1) {
    if (a & term) sum ^= b;
    b = b >> 1 ^ (b & 1 ? kPolynomial : 0);
  }
  return sum;
}

/// The factor by which `bytes` following zero bytes multiply a state.
constexpr std::uint32_t shift_by(std::uint64_t bytes) {
  std::uint32_t shift = kOne, power = kOne >> 8;  // x^8
  for (; bytes != 0; bytes >>= 1, power = product(power, power))
    if (bytes & 1) shift = product(shift, power);
  return shift;
}

// The instruction takes three cycles, but one can start every cycle: three stretches at a time keep it busy. They are
// long enough that joining them (two products, some 100 cycles) hardly counts.
constexpr std::size_t kStretch = 4096;
constexpr std::uint32_t kStretchShift = shift_by(kStretch);

__attribute__((target("sse4.2"))) std::uint32_t by_instruction(const std::byte* bytes, std::size_t size,
                                                               std::uint32_t state) {
  std::uint64_t first = state;
  for (; size >= 3 * kStretch; bytes += 3 * kStretch, size -= 3 * kStretch) {
    std::uint64_t second = 0, third = 0;
    for (std::size_t i = 0; i < kStretch; i += 8) {
      first = __builtin_ia32_crc32di(first, load_little<std::uint64_t>(bytes + i));
      second = __builtin_ia32_crc32di(second, load_little<std::uint64_t>(bytes + kStretch + i));
      third = __builtin_ia32_crc32di(third, load_little<std::uint64_t>(bytes + 2 * kStretch + i));
    }
    const std::uint32_t two =
        product(static_cast<std::uint32_t>(first), kStretchShift) ^ static_cast<std::uint32_t>(second);
    first = product(two, kStretchShift) ^ third;
  }
  for (; size >= 8; bytes += 8, size -= 8) first = __builtin_ia32_crc32di(first, load_little<std::uint64_t>(bytes));
  state = static_cast<std::uint32_t>(first);
  for (; size != 0; ++bytes, --size) state = shifted_in(state, *bytes);
  return state;
}

#endif

}  // namespace

std::uint32_t crc32c(BytesView bytes, std::uint32_t before) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return ~by_instruction(bytes.data(), bytes.size(), ~before);
#endif
  return crc32c_by_table(bytes, before);
}

std::uint32_t crc32c_by_table(BytesView bytes, std::uint32_t before) {
  std::uint32_t state = ~before;
  for (const std::byte byte : bytes) state = shifted_in(state, byte);
  return ~state;
}

}  // namespace evenkeel::formats
