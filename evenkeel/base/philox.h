#pragma once

#include <array>
#include <cstdint>

namespace evenkeel {

/// Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): 128 random bits as a pure
/// function of a 128-bit counter and a 64-bit key.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

/// What a stream of random numbers is for. Streams that differ in purpose, index or step never overlap.
enum class Purpose : std::uint32_t { dropout = 1, initializer, shuffle, strokes, study, augmentation, patches, uout };

/// Names one stream: its element i is a pure function of i and these four. Element i is word i % 4 of philox4x32({i /
/// 4, purpose << 24 | index, step low, step high}, {seed low, seed high}).
struct RandomKey {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::dropout;
  std::uint32_t index = 0;  ///< below 2^24: a layer's index in the description, a sample's class, ...
  std::uint64_t step = 0;   ///< training step, epoch, sample

  std::array<std::uint32_t, 4> counter(std::uint32_t block) const {
    return {block, static_cast<std::uint32_t>(purpose) << 24 | (index & 0xffffffu), static_cast<std::uint32_t>(step),
            static_cast<std::uint32_t>(step >> 32)};
  }
  std::array<std::uint32_t, 2> key() const {
    return {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  }
};

/// Reads one stream in order. It is a value: a copy continues with the same numbers as the original.
class RandomStream {
 public:
  explicit RandomStream(RandomKey key) : key_(key) {}

  std::uint32_t bits();                      ///< 32 random bits
  std::uint32_t below(std::uint32_t bound);  ///< uniform in [0, bound), without bias; bound >= 1
  double uniform();                          ///< uniform in [0, 1), 32 bits of resolution
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double normal();  ///< standard normal (Box-Muller)

 private:
  RandomKey key_;
  std::uint64_t position_ = 0;
  std::array<std::uint32_t, 4> block_{};
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace evenkeel
