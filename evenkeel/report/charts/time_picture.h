#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace evenkeel {

/// Where the time of a step goes: one bar per op.
struct TimePicture {
  struct Bar {
    std::string name;  ///< "conv2d/convolution 3x3"
    double ms = 0;     ///< its length
    double share = 0;  ///< of the machine's limit that binds: the part of the bar that is filled; more than 1 fills it
    bool arithmetic = false;  ///< bound by arithmetic, else by memory
  };

  std::string title, subtitle;
  std::vector<Bar> bars;  ///< in any order
};

/// Bars drawn; the others are one bar together.
inline constexpr std::size_t kDrawnBars = 24;

/// Pictures one below the other as one SVG file that needs nothing beside it, light and dark as the reader's system is.
/// The longest bars, longest first.
std::string svg_file(const std::vector<TimePicture>& pictures);

}  // namespace evenkeel
