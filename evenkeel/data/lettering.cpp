#include "evenkeel/data/lettering.h"

#include <algorithm>
#include <array>

namespace evenkeel {
namespace {

constexpr int kFirst = ' ', kPerBand = 16, kBands = 6;
/// Drawn for every character that is not ASCII.
constexpr int kBox = kFirst + kPerBand * kBands - 1;

// Sixteen characters in a band, from ' ' on. Each is 5 wide and 8 high; the last row is for parts below the line.
// clang-format off
constexpr std::array<std::string_view, kBands * kLetterHeight> kLetters = {
    "        #    # #   # #    #   ##     ##     #      #   #                                      #",
    "        #    # #   # #   #### ##  # #  #    #     #     #     #     #                        # ",
    "        #         ##### # #      #  # #          #       #  # # #   #                        # ",
    "        #          # #   ###    #    #           #       #   ###  #####       ####          #  ",
    "        #         #####   # #  #    # # #        #       #  # # #   #                      #   ",
    "                   # #  ####  #  ## #  #          #     #     #     #     #                #   ",
    "        #          # #    #      ##  ## #          #   #                  #           #   #    ",
    "                                                                         #                     ",
    " ###    #    ###   ###     #  #####   ##  #####  ###   ###                                 ### ",
    "#   #  ##   #   # #   #   ##  #      #        # #   # #   #                #         #    #   #",
    "#  ##   #       #     #  # #  ####  #        #  #   # #   #   #     #     #   ####    #       #",
    "# # #   #      #    ##  #  #      # ####    #    ###   ####              #             #     # ",
    "##  #   #     #       # #####     # #   #   #   #   #     #               #   ####    #     #  ",
    "#   #   #    #    #   #    #  #   # #   #  #    #   #    #    #     #      #         #         ",
    " ###   ###  #####  ###     #   ###   ###   #     ###   ##           #                       #  ",
    "                                                                   #                           ",
    " ###    #   ####   ###  ###   ##### #####  ###  #   #  ###    ### #   # #     #   # #   #  ### ",
    "#   #  # #  #   # #   # #  #  #     #     #   # #   #   #      #  #  #  #     ## ## ##  # #   #",
    "# ### #   # #   # #     #   # #     #     #     #   #   #      #  # #   #     # # # ##  # #   #",
    "# # # #   # ####  #     #   # ####  ####  #  ## #####   #      #  ##    #     # # # # # # #   #",
    "# ### ##### #   # #     #   # #     #     #   # #   #   #      #  # #   #     #   # #  ## #   #",
    "#     #   # #   # #   # #  #  #     #     #   # #   #   #   #  #  #  #  #     #   # #  ## #   #",
    " ###  #   # ####   ###  ###   ##### #      ###  #   #  ###   ##   #   # ##### #   # #   #  ### ",
    "                                                                                               ",
    "####   ###  ####   #### ##### #   # #   # #   # #   # #   # #####  ###  #      ###    #        ",
    "#   # #   # #   # #       #   #   # #   # #   # #   # #   #     #  #     #       #   # #       ",
    "#   # #   # #   # #       #   #   # #   # #   #  # #   # #     #   #     #       #  #   #      ",
    "####  #   # ####   ###    #   #   # #   # # # #   #     #     #    #      #      #             ",
    "#     # # # # #       #   #   #   #  # #  # # #  # #    #    #     #       #     #             ",
    "#     #  #  #  #      #   #   #   #  # #  ## ## #   #   #   #      #       #     #             ",
    "#      ## # #   # ####    #    ###    #   #   # #   #   #   #####  ###      #  ###             ",
    "                                                                                          #####",
    " #          #               #         ##        #       #      #  #      ##                    ",
    "  #         #               #        #          #                 #       #                    ",
    "       ###  ####   ####  ####  ###  ####   #### ####   ##     ##  #  #    #   ## #  ####   ### ",
    "          # #   # #     #   # #   #  #    #   # #   #   #      #  # #     #   # # # #   # #   #",
    "       #### #   # #     #   # #####  #    #   # #   #   #      #  ##      #   # # # #   # #   #",
    "      #   # #   # #     #   # #      #     #### #   #   #      #  # #     #   # # # #   # #   #",
    "       #### ####   ####  ####  ####  #        # #   #  ###     #  #  #   ###  # # # #   #  ### ",
    "                                           ###               ##                                ",
    "                         #                                           #    #    #          #####",
    "                         #                                          #     #     #         #   #",
    "####   #### # ##   #### ####  #   # #   # #   # #   # #   # #####   #     #     #    #    #   #",
    "#   # #   # ##    #      #    #   # #   # # # #  # #  #   #    #   #      #      #  # # # #   #",
    "#   # #   # #      ###   #    #   #  # #  # # #   #   #   #   #     #     #     #      #  #   #",
    "####   #### #         #  #    #   #  # #  # # #  # #   ####  #      #     #     #         #   #",
    "#         # #     ####    ##   ####   #    # #  #   #     # #####    #    #    #          #####",
    "#         #                                            ###                                     ",
};
// clang-format on

constexpr bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

bool is_inked(int letter, std::int64_t row, std::int64_t column) {
  const int index = letter - kFirst;
  const auto line = static_cast<std::size_t>(index / kPerBand * kLetterHeight + row);
  return kLetters[line][static_cast<std::size_t>(index % kPerBand * kLetterWidth + column)] == '#';
}

}  // namespace

std::int64_t count_letters(std::string_view text) {
  std::int64_t count = 0;
  for (const char c : text) count += is_continuation(c) ? 0 : 1;
  return count;
}

void write_text(Tensor& image, std::int64_t top, std::int64_t left, std::string_view text, std::uint8_t value) {
  const std::int64_t height = image.shape()[0], width = image.shape()[1], channels = image.shape()[2];
  const auto pixels = image.as<std::uint8_t>();
  for (const char c : text) {
    if (is_continuation(c)) continue;
    const int letter = c >= kFirst && c < kBox ? c : kBox;
    for (std::int64_t y = top; y < top + kLetterHeight; ++y)
      for (std::int64_t x = left; x < left + kLetterWidth - 1; ++x)
        if (y >= 0 && y < height && x >= 0 && x < width && is_inked(letter, y - top, x - left))
          std::fill_n(pixels.begin() + (y * width + x) * channels, channels, value);
    left += kLetterWidth;
  }
}

}  // namespace evenkeel
