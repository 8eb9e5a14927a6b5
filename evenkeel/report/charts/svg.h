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

/// A picture as a file of its own, of so many pixels.
std::string picture_file(double width, double height, const std::string& label, const std::string& content);

// The charts of a page are as wide as the page has room. Their <svg> element is the plot itself: what is inside has its
// place in percent, and ticks and names lie outside, in margins of fixed size.

/// 0 to 1 as such a place: "37.5%".
std::string percent(double position);

/// Pixels beside and below the plot, and its height (0: page.css says it).
struct ChartFrame {
  double left = 4, below = 26, height = 0;
};
std::string chart_begin(const std::string& title, const ChartFrame& frame);

/// A place on the horizontal axis, from the left, with its text below and its `mark`: an element that has its origin
/// where the axis is.
std::string column_tick(double position, const std::string& text, const char* mark);

}  // namespace evenkeel
