#include "evenkeel/data/lettering.h"

#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

/// The text as lines of '#' and blanks.
std::string written(std::string_view text, std::int64_t width) {
  Tensor image({kLetterHeight, width, 1}, DType::uint8);
  write_text(image, 0, 0, text, 255);
  std::string lines;
  for (std::int64_t y = 0; y < kLetterHeight; ++y) {
    for (std::int64_t x = 0; x < width; ++x)
      lines += image.as<std::uint8_t>()[static_cast<std::size_t>(y * width + x)] == 255 ? '#' : ' ';
    lines += '\n';
  }
  return lines;
}

TEST(Lettering, WritesLettersSideBySide) {
  EXPECT_EQ(written("Hp", 12),
            "#   #       \n"
            "#   #       \n"
            "#   # ####  \n"
            "##### #   # \n"
            "#   # #   # \n"
            "#   # ####  \n"
            "#   # #     \n"
            "      #     \n");
}

TEST(Lettering, HasALetterForEveryCharacterOfAscii) {
  std::vector<std::string> seen;
  for (char c = '!'; c <= '~'; ++c) {
    const std::string letter = written(std::string(1, c), 6);
    EXPECT_TRUE(contains(letter, "#")) << c;
    EXPECT_EQ(std::ranges::count(seen, letter), 0) << c;
    seen.push_back(letter);
  }
}

TEST(Lettering, MakesABoxOfOneOtherCharacter) {
  EXPECT_EQ(written("\u00f6a", 12), written("\x7f"
                                            "a",
                                            12));
  EXPECT_EQ(count_letters("gr\u00f6\u00dfe"), 5);
}

TEST(Lettering, StaysInsideTheImage) {
  Tensor image({4, 4, 3}, DType::uint8);
  write_text(image, -3, -2, "WWW", 255);
  write_text(image, 3, 3, "WWW", 255);
  EXPECT_EQ(image.shape(), (Shape{4, 4, 3}));
}

}  // namespace
}  // namespace evenkeel
