#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace evenkeel {

/// How the time of a step is spent: one bar per op.
struct TimePicture {
  struct Bar {
    std::string name;  ///< "conv2d/convolution 3x3"
    double ms = 0;     ///< its length
    double share = 0;  ///< of the limit that applies (Standing::share): the part of the bar that is filled, at most all
    bool arithmetic = false;  ///< bound by arithmetic, else by memory
  };

  std::string title, subtitle;
  std::vector<Bar> bars;  ///< in any order
};

/// How many bars are drawn; the other ops share one more bar.
inline constexpr std::size_t kDrawnBars = 24;

/// Pictures one below the other as one SVG file that needs no other files, light or dark like the reader's system. It
/// shows the longest bars, longest first.
std::string svg_file(const std::vector<TimePicture>& pictures);

}  // namespace evenkeel
