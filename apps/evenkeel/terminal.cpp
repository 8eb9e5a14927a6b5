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

int luminance(const Pixel& p) { return (299 * p[0] + 587 * p[1] + 114 * p[2]) / 1000; }

}  // namespace

bool is_terminal(std::FILE* stream) { return isatty(fileno(stream)) != 0; }

int terminal_columns(std::FILE* stream) {
  winsize size{};
  return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

bool has_true_colour(std::FILE* stream) {
  const char* value = std::getenv("COLORTERM");
  const std::string_view name = value ? value : "";
  return is_terminal(stream) && (name == "truecolor" || name == "24bit");
}

std::string drawn(TensorView image, int columns, bool colour) {
  const std::int64_t width = std::min<std::int64_t>(columns, image.shape[1]);
  const Shrunk small(image, width, std::max<std::int64_t>(1, image.shape[0] * width / image.shape[1]));
  constexpr std::string_view kRamp = " .:-=+*#%@";
  std::string text;
  for (std::int64_t y = 0; y < small.height(); y += 2) {
    for (std::int64_t x = 0; x < width; ++x) {
      const Pixel above = small.at(y, x), below = small.at(y + 1, x);
      if (colour)
        fmt::format_to(std::back_inserter(text), "\x1b[38;2;{};{};{}m\x1b[48;2;{};{};{}m\u2580", above[0], above[1],
                       above[2], below[0], below[1], below[2]);
      else
        text += kRamp[static_cast<std::size_t>((luminance(above) + luminance(below)) / 2) * kRamp.size() / 256];
    }
    text += colour ? "\x1b[0m\n" : "\n";
  }
  return text;
}

}  // namespace evenkeel::app
