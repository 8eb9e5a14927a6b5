#pragma once

#include <string>

#include "evenkeel/report/charts/axis.h"
#include "evenkeel/report/charts/svg.h"

namespace evenkeel {

/// A picture of rows over one axis of values. Each row is a line of text with its drawing below.
class RowPicture {
 public:
  /// Heights are pixels.
  RowPicture(const std::string& title, Axis axis, double row_height, std::size_t rows);

  /// Begins a row with a line of text: its name, and its figures in a lighter colour. Returns the row's upper edge, in
  /// pixels.
  double begin_row(const std::string& name, const std::string& figures);
  /// The position of a value, in percent.
  std::string at(double value) const { return percent(axis_.position(value)); }
  /// A bar between two values, wide enough to be seen.
  void bar(const std::string& style, double low, double high, double top, double height);
  /// A line between two values.
  void line(const std::string& style, double low, double high, double y);
  /// A vertical line, from `y` down.
  void upright(const std::string& style, double value, double y, double height);

  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    svg_.add(format, std::forward<Values>(values)...);
  }
  const Axis& axis() const { return axis_; }
  std::string text() const { return svg_.text() + "</svg>\n"; }

 private:
  Axis axis_;
  double row_height_;
  int row_ = 0;
  Svg svg_;
};

}  // namespace evenkeel
