#include "terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <string_view>

namespace evenkeel::app {
namespace {

using Pixel = std::array<int, 3>;

/// The image shrunk to `width` by `height` pixels of red, green and blue.
class Shrunk {
 public:
  Shrunk(TensorView image, std::int64_t width, std::int64_t height)
      : image_(image), width_(width), height_(height), values_(image.as<std::uint8_t>()) {}

  std::int64_t width() const { return width_; }
  std::int64_t height() const { return height_; }

  /// Rows below the image are black.
  Pixel at(std::int64_t y, std::int64_t x) const {
    if (y >= height_) return {};
    const std::int64_t h = image_.shape[0], w = image_.shape[1], channels = image_.shape[2];
    const std::int64_t top = y * h / height_, bottom = std::max(top + 1, (y + 1) * h / height_);
    const std::int64_t left = x * w / width_, right = std::max(left + 1, (x + 1) * w / width_);
    std::array<std::int64_t, 3> sums{};
    for (std::int64_t i = top; i < bottom; ++i)
      for (std::int64_t j = left; j < right; ++j)
        for (std::int64_t c = 0; c < 3; ++c)
          sums[static_cast<std::size_t>(c)] +=
              values_[static_cast<std::size_t>((i * w + j) * channels + (channels == 3 ? c : 0))];
    Pixel mean;
    std::ranges::transform(sums, mean.begin(), [n = (bottom - top) * (right - left)](std::int64_t sum) {
      return static_cast<int>(sum / n);
    });
    return mean;
  }

 private:
  TensorView image_;
  std::int64_t width_, height_;
  std::span<const std::uint8_t> values_;
};

int squared_distance(const Pixel& a, const Pixel& b) {
  int sum = 0;
  for (std::size_t c = 0; c < 3; ++c) sum += (a[c] - b[c]) * (a[c] - b[c]);
  return sum;
}

/// The nearest of xterm's 256 colours: a cube of 6 x 6 x 6 from 16 on, 24 grays from 232 on.
int palette_index(const Pixel& p) {
  constexpr std::array<int, 6> kLevels = {0, 95, 135, 175, 215, 255};
  Pixel cube;
  int index = 16;
  for (std::size_t c = 0; c < 3; ++c) {
    const auto nearest = std::ranges::min_element(kLevels, {}, [&](int level) { return std::abs(level - p[c]); });
    cube[c] = *nearest;
    index += static_cast<int>(nearest - kLevels.begin()) * (c == 0 ? 36 : c == 1 ? 6 : 1);
  }
  const int step = std::clamp(((p[0] + p[1] + p[2]) / 3 - 3) / 10, 0, 23), gray = 8 + 10 * step;
  return squared_distance(p, {gray, gray, gray}) < squared_distance(p, cube) ? 232 + step : index;
}

/// The colour code after "\x1b[38;" (the upper half) or "\x1b[48;" (the lower one).
std::string code_of(const Pixel& p, Colours colours) {
  return colours == Colours::all ? fmt::format("2;{};{};{}", p[0], p[1], p[2]) : fmt::format("5;{}", palette_index(p));
}

/// The environment variable; empty if it is not set.
std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

bool is_terminal(std::FILE* stream) { return isatty(fileno(stream)) != 0; }

int terminal_columns(std::FILE* stream) {
  winsize size{};
  return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

TerminalStyle terminal_style(std::FILE* stream) {
  if (!is_terminal(stream)) return {};
  return {.colours = environment("NO_COLOR").empty() && environment("TERM") != "dumb",
          .columns = static_cast<std::size_t>(terminal_columns(stream))};
}

Colours terminal_colours() {
  const std::string_view name = environment("COLORTERM");
  return name == "truecolor" || name == "24bit" ? Colours::all : Colours::palette;
}

std::string drawn(TensorView image, int columns, Colours colours) {
  const std::int64_t width = std::min<std::int64_t>(columns, image.shape[1]);
  const Shrunk small(image, width, std::max<std::int64_t>(1, image.shape[0] * width / image.shape[1]));
  std::string text;
  for (std::int64_t y = 0; y < small.height(); y += 2) {
    for (std::int64_t x = 0; x < width; ++x)
      fmt::format_to(std::back_inserter(text), "\x1b[38;{}m\x1b[48;{}m\u2580", code_of(small.at(y, x), colours),
                     code_of(small.at(y + 1, x), colours));
    text += "\x1b[0m\n";
  }
  return text;
}

}  // namespace evenkeel::app
