#pragma once

#include <string>

#include "evenkeel/report/charts/axis.h"
#include "evenkeel/report/charts/svg.h"

namespace evenkeel {

/// A picture of rows, each a line of text above what is drawn of it, over one axis of values.
class RowPicture {
 public:
  /// Heights are pixels.
  RowPicture(const std::string& title, Axis axis, double row_height, std::size_t rows);

  /// The next row's line of text: its name, and its figures more quietly. Returns the row's upper edge, in pixels.
  double begin_row(const std::string& name, const std::string& figures);
  /// Where a value lies, in percent.
  std::string at(double value) const { return percent(axis_.position(value)); }
  /// A bar between two values, never too thin to be seen.
  void bar(const std::string& style, double low, double high, double top, double height);
  /// A line between two values.
  void line(const std::string& style, double low, double high, double y);
  /// An upright line, from `y` on.
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
