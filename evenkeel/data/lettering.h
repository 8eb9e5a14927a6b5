#pragma once

#include <cstdint>
#include <string_view>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// The size of a character, with the gap to the next one.
inline constexpr std::int64_t kLetterWidth = 6, kLetterHeight = 8;

/// Characters of UTF-8 text.
std::int64_t count_letters(std::string_view text);

/// Writes a line of text into an image, uint8 [H, W, C], its top left corner at (top, left), all channels `value`. A
/// character that is not ASCII becomes a box. Parts outside of the image are not written.
void write_text(Tensor& image, std::int64_t top, std::int64_t left, std::string_view text, std::uint8_t value);

}  // namespace evenkeel
