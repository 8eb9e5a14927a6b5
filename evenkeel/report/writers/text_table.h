#pragma once

#include <string>
#include <vector>

namespace evenkeel {

/// Text in columns as wide as their longest cell. If a title begins with '>', its column is right-aligned (numbers).
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> titles);
  /// Cells are made printable: names may have line ends, and what a terminal obeys.
  void row(std::vector<std::string> cells);
  /// Title line and rows, without blanks at the ends of lines.
  std::string text() const;

 private:
  std::vector<bool> to_the_right_;
  std::vector<std::vector<std::string>> rows_;  ///< the titles first
};

}  // namespace evenkeel
