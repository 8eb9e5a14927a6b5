#pragma once

#include <cstdint>

#include "evenkeel/formats/bytes.h"

namespace evenkeel::formats {

/// The CRC-32C (Castagnoli; RFC 3720, appendix B.4) of `bytes`. `before` is the checksum of the bytes before them, so
/// crc32c(b, crc32c(a)) is the checksum of a and b together. Uses the processor's instruction where it has one.
std::uint32_t crc32c(BytesView bytes, std::uint32_t before = 0);

/// The same from a table, on any processor; some thirty times slower.
std::uint32_t crc32c_by_table(BytesView bytes, std::uint32_t before = 0);

}  // namespace evenkeel::formats
