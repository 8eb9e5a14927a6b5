#pragma once

#include <fmt/format.h>

#include <iterator>
#include <string>
#include <utility>

namespace evenkeel {

/// The text of an SVG picture, piece by piece.
class Svg {
 public:
  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Values>(values)...);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// A picture as a file of its own, with the given size in pixels.
std::string picture_file(double width, double height, const std::string& label, const std::string& content);

// The charts of a page are as wide as the page allows. Their <svg> element is the plot itself, and positions in it are
// in percent. Ticks and names are outside of it, in margins of fixed size.

/// A position from 0 to 1 in percent: "37.5%".
std::string percent(double position);

/// Pixels at the left of and below the plot, and its height (0: set by page.css).
struct ChartFrame {
  double left = 4, below = 26, height = 0;
};
std::string chart_begin(const std::string& title, const ChartFrame& frame);

/// A tick of the horizontal axis, with its text below. `mark` is an element with its origin on the axis.
std::string column_tick(double position, const std::string& text, const char* mark);

}  // namespace evenkeel
