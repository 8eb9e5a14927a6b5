#pragma once

#include <cstdint>
#include <string>

#include "evenkeel/formats/bytes.h"

namespace evenkeel::formats {

/// Deflate never makes less than one byte out of 1032: a header that promises more is refused before memory is
/// allocated.
inline constexpr std::uint64_t kMaxDeflateRatio = 1032;

/// The crc32 of zip, gzip and png; `so_far` is the crc32 of the bytes before these.
std::uint32_t crc32(BytesView bytes, std::uint32_t so_far = 0);
/// The crc of two parts together, from the crc of each; the second part has `length` bytes.
std::uint32_t joined_crc32(std::uint32_t first, std::uint32_t second, std::uint64_t length);

/// Inflates a raw deflate stream to exactly `size` bytes. Throws Error where it is damaged, or has another size.
Bytes inflate(BytesView deflated, std::uint64_t size, const std::string& where);
/// Compresses to a raw deflate stream.
Bytes deflate(BytesView bytes);

bool is_gzip(BytesView bytes);
/// Inflates a gzip file of one or more members and checks their crc. Throws Error where it is damaged, followed by
/// other bytes, or inflates to more than `limit` bytes.
Bytes gunzip(BytesView bytes, std::uint64_t limit, const std::string& where);

}  // namespace evenkeel::formats
